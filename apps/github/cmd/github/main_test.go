package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"strings"
	"testing"
	"time"
)

func TestFlagsThatAreWrongAreNamed(t *testing.T) {
	whole := []string{"--issuer", "https://mcp.example.com", "--resource", "https://hub.example.com/mcp", "--client-id", "hub"}
	for _, c := range []struct {
		secret string
		args   []string
		says   string
	}{
		{"a-secret-of-the-hub", nil, "--issuer, --resource and --client-id are needed"},
		{"a-secret-of-the-hub", append(whole, "more"), `"more" is not a flag`},
		{"a-secret-of-the-hub", append(whole, "--resource", "https://hub.example.com/mcp/"), "must be written"},
		{"a-secret-of-the-hub", append(whole, "--api", "api"), "API"},
		{"", whole, "GITHUB_SERVER_SECRET is not set"},
	} {
		t.Setenv(secretVariable, c.secret)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // what is taken is served
		defer cancel()
		if err := run(ctx, c.args, &bytes.Buffer{}, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: %v, want %q", c.args, err, c.says)
		}
	}
	var usage bytes.Buffer
	if err := run(t.Context(), []string{"--help"}, &usage, &usage); !errors.Is(err, flag.ErrHelp) || !strings.Contains(usage.String(), "-issuer URL") {
		t.Error(err, usage.String())
	}
}
