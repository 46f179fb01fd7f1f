package archive

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/monctl/monctl/templates"
)

// The first 20 bytes of an ELF file tell all that is needed: e_ident (16 bytes), e_type and e_machine (2 each),
// at the same place in the 32 and the 64 bit form (System V ABI, chapter 4).
const elfHead = 20

type machine struct {
	class elf.Class
	id    elf.Machine
}

var machines = map[templates.Arch]machine{
	templates.AMD64: {elf.ELFCLASS64, elf.EM_X86_64},
	templates.ARM64: {elf.ELFCLASS64, elf.EM_AARCH64},
	templates.ARMv7: {elf.ELFCLASS32, elf.EM_ARM},
}

// checkELF reports why a file is no program for a machine.
func checkELF(r io.Reader, arch templates.Arch) error {
	head := make([]byte, elfHead)
	if _, err := io.ReadFull(r, head); err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	if !bytes.HasPrefix(head, []byte(elf.ELFMAG)) {
		return fmt.Errorf("is not an executable (it begins with %q)", bytes.TrimRight(head[:8], "\x00"))
	}
	var order binary.ByteOrder = binary.LittleEndian
	if elf.Data(head[elf.EI_DATA]) == elf.ELFDATA2MSB {
		order = binary.BigEndian
	}
	kind := elf.Type(order.Uint16(head[16:]))
	if kind != elf.ET_EXEC && kind != elf.ET_DYN {
		return fmt.Errorf("is not an executable (ELF type %s)", kind)
	}
	is := machine{elf.Class(head[elf.EI_CLASS]), elf.Machine(order.Uint16(head[18:]))}
	want, known := machines[arch]
	if !known {
		return fmt.Errorf("no machine is called %q", arch)
	}
	if is != want || order != binary.LittleEndian {
		return fmt.Errorf("is built for %s, the host needs %s", is.name(order), arch)
	}
	return nil
}

func (m machine) name(order binary.ByteOrder) string {
	if order == binary.LittleEndian {
		for arch, known := range machines {
			if m == known {
				return string(arch)
			}
		}
	}
	return fmt.Sprintf("%s (%s)", m.id, m.class)
}

// checkJar reports why a file is no jar: those are zip files.
func checkJar(r io.Reader, _ templates.Arch) error {
	head := make([]byte, 4)
	if _, err := io.ReadFull(r, head); err != nil || string(head) != "PK\x03\x04" {
		return fmt.Errorf("is not a jar (it begins with %q)", head)
	}
	return nil
}
