package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

type script = testscript.TestScript

// verbs are what scripts can do besides the commands of testscript;
// testdata/README.md explains them.
func verbs() map[string]func(ts *script, neg bool, args []string) {
	return map[string]func(ts *script, neg bool, args []string){
		"exits": exits, "port": port, "ready": ready, "heard": heard, "unheard": unheard, "mode": mode, "json": readJSON, "find": find,
		"fetch": fetch, "until": until, "allow": allow, "refresh": refresh, "call": call, "refused": refused,
		"introspect": introspect, "agree": agree, "upstream": upstream, "newer": newer, "engine": serveEngine,
		"privy": servePrivy, "first-by-privy": firstByPrivy, "allow-by-privy": allowByPrivy, "claims": claims,
	}
}

// patience bounds how long a script waits for anything. The machine may be busy.
const patience = 30 * time.Second

// persist tries until there is no error, and gives up after patience with the
// last one.
func persist(try func() error) error {
	deadline := time.After(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-deadline:
			return fmt.Errorf("still, after %v: %w", patience, err)
		case <-tick.C:
		}
	}
}

func eventually(ts *script, try func() error) {
	if err := persist(try); err != nil {
		ts.Fatalf("%v", err)
	}
}

func wants(ts *script, args []string, n int, usage string) {
	if len(args) < n {
		ts.Fatalf("usage: %s", usage)
	}
}

// exits runs a program that has to end with a status.
func exits(ts *script, _ bool, args []string) {
	wants(ts, args, 2, "exits STATUS PROGRAM [ARG...]")
	err := ts.Exec(args[1], args[2:]...)
	status := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		status = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(status) != args[0] {
		ts.Fatalf("the exit status is %d, not %s", status, args[0])
	}
}

// port finds ports on which nothing listens.
func port(ts *script, _ bool, args []string) {
	var held []net.Listener // so that they differ
	for _, name := range args {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		ts.Check(err)
		held = append(held, l)
		_, number, err := net.SplitHostPort(l.Addr().String())
		ts.Check(err)
		ts.Setenv(name, number)
	}
	for _, l := range held {
		ts.Check(l.Close())
	}
}

// ready waits until a server may be sent requests.
func ready(ts *script, _ bool, args []string) {
	wants(ts, args, 1, "ready PORT...")
	for _, number := range args {
		eventually(ts, func() error {
			status, _, err := get("http://127.0.0.1:"+number+"/readyz", nil)
			if err == nil && status != http.StatusOK {
				err = fmt.Errorf("/readyz answers %d", status)
			}
			return err
		})
	}
}

// heard waits until something was printed, by whichever process, and keeps what
// the expression's group matched.
func heard(ts *script, _ bool, args []string) {
	wants(ts, args, 1, "heard EXPRESSION [NAME]")
	expression, err := regexp.Compile(args[0])
	ts.Check(err)
	eventually(ts, func() error {
		found := expression.FindStringSubmatch(ts.ReadFile(ts.Getenv("TRANSCRIPT")))
		if found == nil {
			return fmt.Errorf("nobody printed %s", args[0])
		}
		if len(args) > 1 {
			ts.Setenv(args[1], found[1])
		}
		return nil
	})
}

// unheard fails when one of some texts was printed, by whichever process.
func unheard(ts *script, _ bool, args []string) {
	transcript := ts.ReadFile(ts.Getenv("TRANSCRIPT"))
	for _, text := range args {
		if text == "" || strings.Contains(transcript, text) {
			ts.Fatalf("%q was printed", text)
		}
	}
}

// mode compares the permissions of files.
func mode(ts *script, _ bool, args []string) {
	wants(ts, args, 2, "mode MODE FILE...")
	for _, name := range args[1:] {
		info, err := os.Stat(ts.MkAbs(name))
		ts.Check(err)
		if got := fmt.Sprintf("%04o", info.Mode()&fs.ModePerm); got != args[0] {
			ts.Fatalf("the mode of %s is %s, not %s", name, got, args[0])
		}
	}
}

// readJSON reads the last standard output, and keeps members of it.
func readJSON(ts *script, _ bool, args []string) {
	var value any
	if err := json.Unmarshal([]byte(ts.ReadFile("stdout")), &value); err != nil {
		ts.Fatalf("standard output is not JSON: %v", err)
	}
	for _, arg := range args {
		name, path, _ := strings.Cut(arg, "=")
		found, err := member(value, path)
		ts.Check(err)
		ts.Setenv(name, found)
	}
}

// member follows a path such as 0.client_id; count is how long a list is.
func member(value any, path string) (string, error) {
	for step := range strings.SplitSeq(path, ".") {
		switch v := value.(type) {
		case []any:
			n, err := strconv.Atoi(step)
			if step == "count" {
				value = len(v)
				continue
			}
			if err != nil || n >= len(v) {
				return "", fmt.Errorf("%s: there is no element %s", path, step)
			}
			value = v[n]
		case map[string]any:
			inner, ok := v[step]
			if !ok {
				return "", fmt.Errorf("%s: there is no member %s", path, step)
			}
			value = inner
		default:
			return "", fmt.Errorf("%s: %s is in nothing", path, step)
		}
	}
	return fmt.Sprint(value), nil
}

// find keeps the first group of an expression that matches the last standard output.
func find(ts *script, _ bool, args []string) {
	wants(ts, args, 2, "find EXPRESSION NAME")
	expression, err := regexp.Compile(args[0])
	ts.Check(err)
	found := expression.FindStringSubmatch(ts.ReadFile("stdout"))
	if len(found) < 2 {
		ts.Fatalf("standard output does not match %s", args[0])
	}
	ts.Setenv(args[1], found[1])
}

// newer makes a database look as if a later program had migrated it.
func newer(ts *script, _ bool, args []string) {
	wants(ts, args, 1, "newer FILE")
	ts.Check(migratedByALaterProgram(ts.MkAbs(args[0])))
}
