package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"sallyport":    overheard,
		"stdio-server": stdioServer,
	})
}

// TestScripts plays the scripts of testdata: the program as people and programs
// use it, in a process of its own.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata", Cmds: verbs(), Setup: set, Condition: condition,
		RequireUniqueNames: true, RequireExplicitExec: true,
	})
}

// overheard is main, with a copy of everything that it prints, of every process
// of a script, in the file that TRANSCRIPT names.
func overheard() {
	path, ok := os.LookupEnv("TRANSCRIPT")
	if !ok {
		main()
		return
	}
	transcript, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(exitFailed)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], terminal{
		in: os.Stdin, out: io.MultiWriter(os.Stdout, transcript), err: io.MultiWriter(os.Stderr, transcript), env: os.LookupEnv,
	}))
}

func set(e *testscript.Env) error {
	e.Values[frontKey{}], e.Values[engineKey{}] = &front{}, &keyEngine{}
	e.Setenv("TRANSCRIPT", e.WorkDir+"/.transcript")
	e.Setenv("PASSWORD", "correct-horse-battery")
	if err := os.WriteFile(e.WorkDir+"/.transcript", nil, 0o600); err != nil {
		return err
	}
	return os.WriteFile(e.WorkDir+"/password", []byte("correct-horse-battery\n"), 0o600)
}

func condition(name string) (bool, error) {
	if name == "root" {
		return os.Geteuid() == 0, nil
	}
	return false, fmt.Errorf("there is no condition %s", name)
}
