package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-dev/sallyport/doctor"
)

// examine runs the doctor, and returns its report and exit status.
func examine(t *testing.T, args ...string) (doctor.Report, int) {
	t.Helper()
	return examined(t, exec.CommandContext(t.Context(), binary, append([]string{"doctor", "--json"}, args...)...))
}

func examined(t *testing.T, cmd *exec.Cmd) (doctor.Report, int) {
	t.Helper()
	var out bytes.Buffer
	cmd.Stdout = &out
	cmd.Env = environment()
	status := 0
	if err := cmd.Run(); err != nil {
		exit := (*exec.ExitError)(nil)
		if !errors.As(err, &exit) {
			t.Fatal(err)
		}
		status = exit.ExitCode()
	}
	var r doctor.Report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatalf("%v in %s", err, out.Bytes())
	}
	return r, status
}

// found are the ids of the findings, notes in parentheses.
func found(r doctor.Report) string {
	var all []string
	for _, f := range r.Findings {
		id := f.ID
		if id == "slow" {
			continue // the machine of the test
		}
		if f.Severity == doctor.Note {
			id = "(" + id + ")"
		}
		if !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// turned are the ids of the clients that will not connect.
func turned(r doctor.Report) string {
	var all []string
	for _, v := range r.Verdicts {
		if v.Outcome == doctor.WillNot {
			all = append(all, v.ID)
		}
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// An expected report is what was read, one finding after the other, and is true.
type expected struct {
	findings string
	willNot  string
	status   int
}

func (e expected) compare(t *testing.T, r doctor.Report, status int) {
	t.Helper()
	if got := found(r); got != e.findings {
		t.Errorf("findings:\n  got  %s\n  want %s", got, e.findings)
	}
	if got := turned(r); got != e.willNot {
		t.Errorf("clients that will not connect:\n  got  %s\n  want %s", got, e.willNot)
	}
	if status != e.status {
		t.Errorf("exit status %d, not %d", status, e.status)
	}
	if t.Failed() {
		for _, f := range r.Findings {
			t.Logf("%s %s: %s %s", f.Severity, f.ID, f.What, f.Hurts)
		}
	}
}

func TestTheDoctorFindsNothingWrongAtThisProduct(t *testing.T) {
	t.Parallel()
	d := newDoor(t, "")
	t.Run("as far as the sign-in page", func(t *testing.T) {
		r, status := examine(t, d.MCP)
		expected{"(private-address) (registration-stays)", "", 0}.compare(t, r, status)
	})
	t.Run("and after it", func(t *testing.T) {
		r, status := d.signedIn(t, d.MCP)
		expected{"(private-address) (registration-stays)", "", 0}.compare(t, r, status)
		if !r.SignedIn {
			t.Error("nobody signed in")
		}
	})
}

var addressToOpen = regexp.MustCompile(`allow “Sallyport doctor”: +(\S+)\n`)

// signedIn runs the doctor with ada, who allows whatever is asked.
func (d *door) signedIn(t *testing.T, at string) (doctor.Report, int) {
	t.Helper()
	ada := d.visitor()
	return withPerson(t, at, func(address string) error {
		back, err := ada.Allow(t.Context(), address)
		if err == nil {
			_, err = ada.Deliver(t.Context(), back)
		}
		return err
	})
}

// withPerson runs the doctor, and opens what it asks to be opened.
func withPerson(t *testing.T, at string, open func(address string) error) (doctor.Report, int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, "doctor", "--json", "--sign-in", "--no-browser", at)
	told, tell := io.Pipe()
	cmd.Stderr = tell
	done := make(chan error, 1)
	go func() {
		defer close(done)
		var heard []byte
		buffer := make([]byte, 4096)
		for {
			n, err := told.Read(buffer)
			heard = append(heard, buffer[:n]...)
			if m := addressToOpen.FindSubmatchIndex(heard); m != nil {
				address := string(heard[m[2]:m[3]])
				heard = heard[m[1]:]
				if err := open(address); err != nil {
					done <- fmt.Errorf("%s: %w", address, err)
				}
			}
			if err != nil {
				return
			}
		}
	}()
	r, status := examined(t, cmd)
	tell.Close()
	for err := range done {
		t.Error(err)
	}
	return r, status
}
