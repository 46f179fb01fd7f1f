package hosts

import (
	"strconv"
	"testing"
	"time"
)

func TestVMHasAClockOfItsOwn(t *testing.T) {
	needRoot(t)
	l := up(t, Options{Name: "test-vm"})
	want := time.Now().Add(72 * time.Hour)
	h, err := UpVM(t.Context(), Options{Name: l.Name}, want)
	if err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time {
		out, err := h.Exec(t.Context(), "date +%s")
		seconds, parseErr := strconv.ParseInt(out, 10, 64)
		if err != nil || parseErr != nil {
			t.Fatal(out, err, parseErr)
		}
		return time.Unix(seconds, 0)
	}
	if got := clock(); got.Sub(want).Abs() > 5*time.Minute {
		t.Errorf("its clock says %s, want about %s", got, want)
	}
	if _, err := h.Exec(t.Context(), "date -s 2027-01-01"); err != nil {
		t.Fatal(err)
	}
	if got := clock(); got.Year() != 2027 {
		t.Errorf("a clock set to 2027 says %s", got)
	}
	if err := DownVM(t.Context(), "", l.Name); err != nil {
		t.Fatal(err)
	}
	if h.Alive() || linkExists(h.Machine) {
		t.Error("the virtual machine is still there")
	}
}
