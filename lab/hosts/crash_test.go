package hosts

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"testing"
	"time"
)

// crashing, in the environment, makes this test program bring a lab up, to be killed meanwhile.
const crashing = "MONCTL_LAB_TEST_CRASH"

func TestMain(m *testing.M) {
	if name := os.Getenv(crashing); name != "" {
		_, err := Up(context.Background(), Options{Name: name, AMD64: 2, Plain: 1})
		if err != nil {
			_, _ = os.Stderr.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestDownAfterACrash kills a program that brings a lab up, at several moments,
// and wants Down to leave nothing of it.
func TestDownAfterACrash(t *testing.T) {
	needRoot(t)
	const name = "test-crash"
	for _, delay := range []int{100, 250, 400, 700} {
		child := exec.CommandContext(t.Context(), os.Args[0])
		child.Env = append(os.Environ(), crashing+"="+name)
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(delay) * time.Millisecond)
		_ = child.Process.Kill()
		_ = child.Wait()
		l, err := Open("", name)
		if errors.Is(err, ErrNoLab) {
			continue // killed before there was anything
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := Down(t.Context(), "", name); err != nil {
			t.Fatal(err)
		}
		for _, remains := range leftovers(t, l) {
			t.Errorf("killed after %d ms: left behind: %s", delay, remains)
		}
	}
}
