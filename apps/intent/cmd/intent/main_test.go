package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"strings"
	"testing"
	"time"
)

func TestFlagsThatAreWrongAreNamed(t *testing.T) {
	here := []string{"--issuer", "https://mcp.example.com", "--resource", "https://intent.example.com/mcp"}
	whole := append(here[:4:4], "--api", "https://api.example.com", "--client-id", "intent")
	for _, c := range []struct {
		secret string
		args   []string
		says   string
	}{
		{"", nil, "--issuer and --resource are needed"},
		{"", here, "either --api says where"},
		{"", append(whole[:8:8], "--stand-in"), "either --api says where"},
		{"", append(here[:4:4], "--stand-in", "more"), `"more" is not a flag`},
		{"", append(here[:4:4], "--stand-in", "--resource", "https://intent.example.com/mcp/"), "must be written"},
		{"a-secret-of-intent", append(here[:4:4], "--api", "https://api.example.com"), "--api needs --client-id"},
		{"", whole, "INTENT_SERVER_SECRET is not set"},
		{"a-secret-of-intent", append(whole[:8:8], "--api", "api"), "the API is no http or https URL"},
	} {
		t.Setenv(secretVariable, c.secret)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // what is taken is served
		defer cancel()
		if err := run(ctx, c.args, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: %v, want %q", c.args, err, c.says)
		}
	}
	var usage bytes.Buffer
	if err := run(t.Context(), []string{"--help"}, &usage, &usage); !errors.Is(err, flag.ErrHelp) || !strings.Contains(usage.String(), "-stand-in") {
		t.Error(err, usage.String())
	}
}
