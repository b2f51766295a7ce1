package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/sallyport-dev/sallyport/store"
)

func TestAGameIsThereWhenTheFileIsOpenedAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a file?&#.db")
	g, err := openGames(path)
	if err != nil {
		t.Fatal(err)
	}
	b := store.Belonging{Resource: "https://chess.example.com/mcp", Subject: "ada", Content: []byte(`{"é": 1}`)}
	if _, err := g.Belonging(t.Context(), b.Resource, b.Subject); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
	for version, want := range []bool{true, true, true} {
		b.Version = int64(version)
		if done, err := g.Keep(t.Context(), b); done != want || err != nil {
			t.Errorf("in place of version %d: %t, %v", version, done, err)
		}
		if done, err := g.Keep(t.Context(), b); done || err != nil {
			t.Errorf("in place of version %d once more: %t, %v", version, done, err)
		}
	}
	g.Close()
	if g, err = openGames(path); err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	got, err := g.Belonging(t.Context(), b.Resource, b.Subject)
	if err != nil || got.Version != 3 || !bytes.Equal(got.Content, b.Content) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestOfManyWhoHaveReadOneVersionOneWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chess.db")
	won := make(chan bool, 16)
	var all sync.WaitGroup
	for range 2 { // as two processes
		g, err := openGames(path)
		if err != nil {
			t.Fatal(err)
		}
		defer g.Close()
		for range 8 {
			all.Go(func() {
				done, err := g.Keep(context.Background(), store.Belonging{Resource: "r", Subject: "ada", Content: []byte("x")})
				if err != nil {
					t.Error(err)
				}
				won <- done
			})
		}
	}
	all.Wait()
	n := 0
	for range 16 {
		if <-won {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d wrote", n)
	}
}

func TestFlagsThatAreWrongAreNamed(t *testing.T) {
	for _, c := range []struct {
		args []string
		says string
	}{
		{nil, "--issuer and --resource are needed"},
		{[]string{"--issuer", "https://mcp.example.com", "--resource", "https://chess.example.com/mcp", "more"}, `"more" is not a flag`},
		{[]string{"--issuer", "https://mcp.example.com", "--resource", "https://chess.example.com/mcp/", "--data", filepath.Join(t.TempDir(), "x")}, "must be written"},
		{[]string{"--issuer", "https://mcp.example.com", "--resource", "https://chess.example.com/mcp", "--data", filepath.Join(t.TempDir(), "no", "x")}, "unable to open"},
	} {
		if err := run(t.Context(), c.args, &bytes.Buffer{}, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: %v, want %q", c.args, err, c.says)
		}
	}
	var usage bytes.Buffer
	if err := run(t.Context(), []string{"--help"}, &usage, &usage); !errors.Is(err, flag.ErrHelp) || !strings.Contains(usage.String(), "-issuer URL") {
		t.Error(err, usage.String())
	}
}
