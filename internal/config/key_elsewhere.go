package config

import (
	"net/url"
	"os"
	"strings"

	"github.com/sallyport-dev/sallyport/oauth"
)

// Used reports whether the encryption key is wrapped elsewhere.
func (e KeyElsewhere) Used() bool { return e.Address != "" }

// keyElsewhere checks that the engine can be asked, by a token that nobody overhears.
func (k *check) keyElsewhere() {
	e := k.KeyElsewhere
	if e == (KeyElsewhere{}) {
		return
	}
	for _, needed := range []struct{ key, value, fix string }{
		{"address", e.Address, "write where it answers, such as https://vault.example.com:8200"},
		{"key", e.Key, "name the key of the engine that wraps the encryption key"},
		{"token", string(e.Token), "write ${file:/path} or ${NAME}, of a token that may encrypt, decrypt and rewrap"},
	} {
		if needed.value == "" {
			k.say("key_service."+needed.key, "is missing", needed.fix)
		}
	}
	u, err := url.Parse(e.Address)
	switch {
	case e.Address == "":
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" || u.Scheme != "https" && u.Scheme != "http":
		k.say("key_service.address", "is not the address of a server", "write https:// and the host and port; the engine's place is mount")
	case u.Scheme == "http" && !oauth.IsLoopbackHost(u.Hostname()):
		k.say("key_service.address", "is not https, and the token would be overheard", "write https://, or an address of this computer")
	}
	if strings.ContainsAny(e.Mount+e.Key, "?#% ") || strings.Contains(e.Key, "/") {
		k.say("key_service.key", "or mount has characters that no name there has", "write the name alone")
	}
	if e.CA != "" {
		if _, err := os.Stat(e.CA); err != nil {
			k.say("key_service.ca", "names a file that cannot be read", "name a PEM file")
		}
	}
}
