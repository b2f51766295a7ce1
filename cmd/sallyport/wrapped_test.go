package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-dev/sallyport/internal/config"
	"github.com/sallyport-dev/sallyport/internal/transit/transittest"
	"github.com/sallyport-dev/sallyport/store"
)

// An installation whose encryption key is wrapped starts with the key service and
// not without it; what is wrong there is said; and the key lies nowhere.
func TestTheEncryptionKeyCanBeWrappedElsewhere(t *testing.T) {
	engine, data := &transittest.Engine{}, t.TempDir()
	server := httptest.NewServer(engine)
	defer server.Close()
	var log bytes.Buffer
	start := func(more string) (*installation, error) {
		t.Helper()
		file := filepath.Join(t.TempDir(), "sallyport.yaml")
		if err := os.WriteFile(file, fmt.Appendf(nil, "data: %s\n%s\n", data, more), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(file, os.LookupEnv)
		if err != nil {
			t.Fatal(err)
		}
		return open(t.Context(), c, slog.New(slog.NewTextHandler(&log, nil)), true)
	}
	with := fmt.Sprintf("key_service: { address: %q, key: door, token: %s }", server.URL, transittest.Token)
	starts := func(settings, asked string) (sealed string) {
		t.Helper()
		in, err := start(settings)
		if err != nil {
			t.Fatal(err)
		}
		defer in.close()
		rows, err := in.store.Keys(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		rows = slices.DeleteFunc(rows, func(k store.Key) bool { return k.Use != store.WrappedKey })
		if got := strings.Join(engine.Asked(), " "); len(rows) != 1 || got != asked {
			t.Errorf("%d rows, and the engine was asked to %s", len(rows), got)
		}
		// Nothing is asked of it any more while the server runs.
		opened, err := in.keys.Unseal("test", in.keys.Seal("test", []byte("x")))
		if err != nil || string(opened) != "x" || len(engine.Asked()) != 0 {
			t.Error(err)
		}
		if len(rows) == 0 {
			return ""
		}
		return string(rows[0].Sealed)
	}
	first := starts(with, "encrypt decrypt")
	if _, err := os.Stat(filepath.Join(data, "encryption.key")); err == nil || !strings.HasPrefix(first, "vault:v1:") {
		t.Error("the encryption key lies in the data directory")
	}
	starts(with, "decrypt rewrap")
	engine.Rotate()
	if newer := starts(with, "decrypt rewrap"); !strings.HasPrefix(newer, "vault:v2:") {
		t.Error("it is not wrapped by the newer version")
	}
	engine.Retire()
	starts(with, "decrypt rewrap")

	refuses := func(settings string, sentences ...string) {
		t.Helper()
		in, err := start(settings)
		if err == nil {
			in.close()
			t.Fatal("it starts")
		}
		for _, want := range append(sentences, "") {
			if !strings.Contains(fmt.Sprintf("%v %+v", err, err), want) {
				t.Errorf("it says %v, not %q", err, want)
			}
		}
	}
	refuses("", "wrapped by a key service")
	refuses(strings.Replace(with, transittest.Token, "hvs.another", 1), "refuses the token", "permission denied")
	refuses(strings.Replace(with, "door", "window", 1), "has no key of the name", "encryption key not found")
	engine.Seal(true)
	refuses(with, "is sealed")
	engine.Seal(false)
	engine.Replace()
	refuses(with, "does not open", "message authentication failed")
	server.Close()
	refuses(with, "does not answer")
	if strings.Contains(log.String(), transittest.Token) {
		t.Error("the token is in the log")
	}
}

// An installation that has a key moves to a key service with it.
func TestAnEncryptionKeyThatIsThereIsWrapped(t *testing.T) {
	engine, data := &transittest.Engine{}, t.TempDir()
	server := httptest.NewServer(engine)
	defer server.Close()
	var log bytes.Buffer
	var sealed string
	for i, settings := range []string{"", "key_service: { address: " + server.URL + ", key: door, token: " + transittest.Token + " }"} {
		file := filepath.Join(t.TempDir(), "sallyport.yaml")
		if err := os.WriteFile(file, fmt.Appendf(nil, "data: %s\n%s\n", data, settings), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(file, os.LookupEnv)
		if err != nil {
			t.Fatal(err)
		}
		for range 1 + i {
			in, err := open(t.Context(), c, slog.New(slog.NewTextHandler(&log, nil)), true)
			if err != nil {
				t.Fatal(err)
			}
			if sealed == "" {
				sealed = in.keys.Seal("test", []byte("x"))
			}
			if opened, err := in.keys.Unseal("test", sealed); err != nil || string(opened) != "x" {
				t.Error("what was sealed before does not open", err)
			}
			in.close()
			if i == 1 {
				os.Remove(filepath.Join(data, "encryption.key"))
			}
		}
	}
	if strings.Count(log.String(), "still lies in plain text: remove the file") != 1 {
		t.Errorf("the log says %s", log.String())
	}
}
