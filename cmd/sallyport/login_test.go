package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sallyport-dev/sallyport/authserver"
	"github.com/sallyport-dev/sallyport/internal/config"
)

func TestEveryAliasCanBeSwitchedOn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sallyport.yaml")
	if err := os.WriteFile(file, []byte("aliases: ["+strings.Join(authserver.Aliases(), ", ")+"]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := config.Load(file, os.LookupEnv); err != nil {
		t.Error(err)
	}
}

// TestAnOriginIsWhatBrowsersSend: the Origin of a form is compared octet by octet.
func TestAnOriginIsWhatBrowsersSend(t *testing.T) {
	for address, want := range map[string]string{
		"https://www.acme.com/sign-in?a=b":     "https://www.acme.com",
		"https://WWW.Acme.com:443/":            "https://www.acme.com",
		"http://localhost:80":                  "http://localhost",
		"http://127.0.0.1:3000/sign-in#/there": "http://127.0.0.1:3000",
		"https://[::1]:8443/":                  "https://[::1]:8443",
	} {
		if got := originOf(address); got != want {
			t.Errorf("%s is of %s, want %s", address, got, want)
		}
	}
}
