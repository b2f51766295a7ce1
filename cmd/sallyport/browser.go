package main

import (
	"context"
	"errors"
	"net/url"
	"os/exec"
	"runtime"
)

// openBrowser shows an address in the person's browser. It comes from a server,
// so it goes to a program as one argument, never through a shell, and only when
// it is http or https: other schemes start programs.
func openBrowser(ctx context.Context, address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return errors.New("only http and https addresses are opened")
	}
	ctx, cancel := context.WithTimeout(ctx, browserPatience)
	defer cancel()
	switch runtime.GOOS {
	case "darwin":
		return exec.CommandContext(ctx, "open", u.String()).Run()
	case "windows":
		return exec.CommandContext(ctx, "rundll32", "url.dll,FileProtocolHandler", u.String()).Run()
	}
	return exec.CommandContext(ctx, "xdg-open", u.String()).Run()
}
