package roots

import "testing"

func TestRegistrationAddsCredentials(t *testing.T) {
	entry := "enabled\ninterpreter /usr/libexec/aarch64-binfmt-P\nflags: PF\noffset 0\nmagic 7f45\nmask ff00\n"
	want := `:monctl-lab-aarch64:M::\x7f\x45:\xff\x00:/usr/libexec/aarch64-binfmt-P:PCF`
	got, err := registration(entry)
	if err != nil || got != want {
		t.Errorf("registration = %q, %v; want %q", got, err, want)
	}
	if _, err := registration("disabled\n"); err == nil {
		t.Error("an entry without an interpreter is accepted")
	}
}
