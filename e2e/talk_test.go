package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/e2e/person"
)

// A traveller is a Node script of the folder clients on its journey: it tells
// what it sees and asks for what only the test can do.
type traveller struct {
	Told map[string]json.RawMessage // by step
	t    *testing.T
}

// travel runs a script to its end. The person answers what it asks for.
func (d *door) travel(visitor *person.Person, script string, args ...string) traveller {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), 2*time.Minute)
	defer cancel()
	path := filepath.Join("clients", script)
	cmd := exec.CommandContext(ctx, node.or(d.t), append([]string{path, d.MCP}, args...)...)
	cmd.Env = environment("NO_COLOR=1")
	var complaints transcript
	cmd.Stderr = &complaints
	in, err := cmd.StdinPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	j := traveller{Told: map[string]json.RawMessage{}, t: d.t}
	heard := d.listen(ctx, visitor, j, out, in)
	if err := errors.Join(heard, cmd.Wait()); err != nil {
		d.t.Fatalf("%s: %v\n%s\nafter %s", script, err, &complaints, keys(j.Told))
	}
	return j
}

// listen notes what is told and answers what is asked, until the script ends.
func (d *door) listen(ctx context.Context, visitor *person.Person, j traveller, out io.Reader, in io.WriteCloser) error {
	defer in.Close()
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var said struct {
			Step, Question string
			Value          json.RawMessage
		}
		if err := json.Unmarshal(lines.Bytes(), &said); err != nil {
			d.t.Logf("says: %s", lines.Bytes())
			continue
		}
		if said.Question == "" {
			j.Told[said.Step] = said.Value
			continue
		}
		answer, err := d.grant(ctx, visitor, said.Question, said.Value)
		if err == nil {
			err = json.NewEncoder(in).Encode(answer)
		}
		if err != nil {
			return err
		}
	}
	return lines.Err()
}

// grant does what a script asks for, and returns the answer.
func (d *door) grant(ctx context.Context, visitor *person.Person, question string, value json.RawMessage) (any, error) {
	answer := visitor.Allow
	switch question {
	case "restart":
		d.restart()
		return true, nil
	case "visit":
	case "visit and deny":
		answer = visitor.Deny
	default:
		return nil, errors.New("the script asks for what the test does not know: " + question)
	}
	var start string
	if err := json.Unmarshal(value, &start); err != nil {
		return nil, err
	}
	end, err := answer(ctx, start)
	if err != nil {
		return nil, err
	}
	return end.String(), nil
}

// text is what a step told, as a string.
func (j traveller) text(step string) string {
	j.t.Helper()
	var s string
	j.into(step, &s)
	return s
}

func (j traveller) into(step string, v any) {
	j.t.Helper()
	raw, ok := j.Told[step]
	if !ok {
		j.t.Fatalf("nothing was told of %q, only of %s", step, keys(j.Told))
	}
	if err := json.Unmarshal(raw, v); err != nil {
		j.t.Fatalf("%s: %v: %s", step, err, raw)
	}
}
