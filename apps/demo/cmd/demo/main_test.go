package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestFlagsThatAreWrongAreNamed(t *testing.T) {
	whole := []string{"--issuer", "https://mcp.example.com", "--resource", "https://demo.example.com/mcp"}
	for _, c := range []struct {
		args []string
		says string
	}{
		{nil, "--issuer and --resource are needed"},
		{append(whole, "more"), `"more" is not a flag`},
		{append(whole, "--resource", "https://demo.example.com/mcp/"), "must be written"},
		{append(whole, "--listen", "nowhere"), "address"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // what is taken is served
		defer cancel()
		if err := run(ctx, c.args, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: %v, want %q", c.args, err, c.says)
		}
	}
	var usage bytes.Buffer
	if err := run(t.Context(), []string{"--help"}, &usage, &usage); !errors.Is(err, flag.ErrHelp) || !strings.Contains(usage.String(), "-issuer URL") {
		t.Error(err, usage.String())
	}
}

// TestWhoHasNoTokenIsToldWhereToGetOne, and the program ends when it is told to.
func TestWhoHasNoTokenIsToldWhereToGetOne(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	said, out := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, []string{"--issuer", "https://mcp.example.com", "--resource", "http://127.0.0.1:9/mcp", "--listen", "127.0.0.1:0"}, out, io.Discard)
	}()
	line := make([]byte, 500)
	n, err := said.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	_, at, _ := strings.Cut(string(line[:n]), "listens on ")
	at, _, _ = strings.Cut(at, ". ")
	res, err := http.Post("http://"+at+"/mcp", "application/json", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if got := res.Header.Get("WWW-Authenticate"); res.StatusCode != http.StatusUnauthorized || !strings.Contains(got, "resource_metadata=") {
		t.Errorf("%s, %q", res.Status, got)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
