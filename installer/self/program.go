package self

import (
	"bufio"
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"github.com/monctl/monctl/templates"
)

// machineOf reads the first 20 bytes of an ELF file (System V ABI, chapter 4): e_machine of a little-endian executable; "" is no
// program for a machine that is known.
func machineOf(path string) templates.Arch {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	head := make([]byte, 20)
	if _, err := io.ReadFull(f, head); err != nil || !bytes.HasPrefix(head, []byte(elf.ELFMAG)) || elf.Data(head[elf.EI_DATA]) != elf.ELFDATA2LSB {
		return ""
	}
	if kind := elf.Type(binary.LittleEndian.Uint16(head[16:])); kind != elf.ET_EXEC && kind != elf.ET_DYN {
		return ""
	}
	known := map[elf.Machine]templates.Arch{elf.EM_X86_64: templates.AMD64, elf.EM_AARCH64: templates.ARM64, elf.EM_ARM: templates.ARMv7}
	return known[elf.Machine(binary.LittleEndian.Uint16(head[18:]))]
}

// module is what a monctl is built from.
const module = "github.com/monctl/monctl"

// versionOf reads what the Go toolchain wrote into a program, without running it.
func versionOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := buildInfo(f)
	if err != nil {
		return "", fmt.Errorf("is not a monctl: %w", err)
	}
	info, err := debug.ParseBuildInfo(text)
	if err != nil {
		return "", fmt.Errorf("is not a monctl: %w", err)
	}
	if info.Main.Path != module {
		return "", fmt.Errorf("is not a monctl: it is built from %s", info.Main.Path)
	}
	return info.Main.Version, nil
}

// What the linker leaves in a program since Go 1.18 (cmd/link, buildinfo; debug/buildinfo reads it of every object format, with
// packages of half a megabyte): at a multiple of 16 bytes 0xff, the mark, a byte, flags and 16 bytes more; then Go's version and the
// text of the module, each after its length as a varint, the text between two marks of 16 bytes.
const (
	buildMark   = " Go buildinf:"
	buildInline = 2 // of the flags: the strings follow
	buildFrame  = 16
	longest     = 1 << 20 // of a string, in bytes
)

var errNotGo = errors.New("it is not built by Go")

// buildInfo gives the text of the module as debug.ParseBuildInfo reads it.
func buildInfo(program io.Reader) (string, error) {
	in, block := bufio.NewReaderSize(program, 1<<18), make([]byte, 16)
	for block[0] != 0xff || string(block[1:1+len(buildMark)]) != buildMark || block[15]&buildInline == 0 {
		if _, err := io.ReadFull(in, block); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return "", errNotGo
		} else if err != nil {
			return "", err
		}
	}
	if _, err := in.Discard(16); err != nil {
		return "", errNotGo
	}
	if _, err := counted(in); err != nil { // Go's version
		return "", err
	}
	text, err := counted(in)
	if err != nil || len(text) < 2*buildFrame {
		return "", errors.Join(errNotGo, err)
	}
	return text[buildFrame : len(text)-buildFrame], nil
}

// counted reads a string after its length.
func counted(in *bufio.Reader) (string, error) {
	length, err := binary.ReadUvarint(in)
	if err != nil || length > longest {
		return "", errors.Join(errNotGo, err)
	}
	text := make([]byte, length)
	_, err = io.ReadFull(in, text)
	return string(text), err
}
