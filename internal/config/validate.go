package config

import (
	"fmt"
	"net"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

// Validate reports everything that is wrong with the settings taken together,
// as [Mistakes]. [Load] has done so already; call it again after
// [Config.Override], [Config.Protect] or [Config.Command].
func (c *Config) Validate() error { return c.validate(nil).orNil() }

// validate leaves out what follows from a mistake that was found before.
func (c *Config) validate(found Mistakes) Mistakes {
	k := &check{Config: c, broken: map[string]bool{}, said: map[string]bool{}}
	for _, m := range found {
		k.broken[m.Key] = true
	}
	k.choices("", reflect.ValueOf(c).Elem())
	k.server()
	k.site()
	k.flows()
	k.tokens()
	k.registration()
	k.logins()
	k.callbacks()
	k.resources()
	k.clients()
	return k.mistakes
}

// A check gathers mistakes.
type check struct {
	*Config
	broken   map[string]bool // keys that could not be read
	said     map[string]bool // keys that have a mistake of validation
	mistakes Mistakes
}

// say adds a mistake, unless the key has one already or what it is part of
// could not be read.
func (k *check) say(key, problem, fix string) {
	if k.said[key] {
		return
	}
	for at := key; at != ""; at = parent(at) {
		if k.broken[at] {
			return
		}
	}
	k.said[key] = true
	k.mistakes = append(k.mistakes, k.where(key).mistake(key, problem, fix))
}

// quote shows the value of a key that is no secret, as far as it may be seen.
func (k *check) quote(key, value string) string { return k.where(key).quote(value) }

// choices checks the words that were not read from a file.
func (k *check) choices(key string, v reflect.Value) {
	fields, _ := fieldsOf(v.Type())
	for _, f := range fields {
		at, name := v.Field(f.index), join(key, f.key)
		switch {
		case at.Kind() == reflect.Struct:
			k.choices(name, at)
		case at.Kind() == reflect.Slice && at.Type().Elem().Kind() == reflect.Struct:
			for i := range at.Len() {
				k.choices(entryKey(name, i, at.Index(i)), at.Index(i))
			}
		case at.Kind() == reflect.Slice: // each was looked at when it was read
		case f.enum != nil && !slices.Contains(f.enum, at.String()) && !(f.optional && at.String() == ""):
			k.say(name, "is "+k.quote(name, at.String())+", which it cannot be", choice(at.String(), f.enum))
		}
	}
}

func entryKey(key string, i int, entry reflect.Value) string {
	if named(entry.Type()) {
		return join(key, entry.Field(0).String())
	}
	return fmt.Sprintf("%s[%d]", key, i)
}

func (k *check) server() {
	k.publicURL()
	k.address("listen", k.Listen)
	if !k.given("public_url") && k.listensElsewhere() {
		k.say("listen", "is not an address of this computer alone, and public_url does not say how people reach it", "add public_url, such as https://mcp.example.com (--public-url)")
	}
	if k.MetricsListen != "" {
		k.address("metrics_listen", k.MetricsListen)
		if k.MetricsListen == k.Listen {
			k.say("metrics_listen", "is the address of listen", "give it another port, or remove it to have /metrics on the main listener")
		}
	}
	if k.Data == "" {
		k.say("data", "is empty", "name a directory, or remove the line to have ./sallyport-data")
	}
	k.database()
	k.keyElsewhere()
	k.tls()
	for i, text := range k.TrustedProxies {
		if _, err := parseRange(text); err != nil {
			key := fmt.Sprintf("trusted_proxies[%d]", i)
			k.say(key, "is "+k.quote(key, text)+", which is neither an address nor a range", "write 10.0.0.7 or 10.0.0.0/8; names are not looked up")
		}
	}
}

// publicURL checks the issuer, which has to be written in the one way in which
// every client will compare it.
//
// RFC 8414 §2: the issuer identifier is "a URL that uses the "https" scheme and
// has no query or fragment components".
func (k *check) publicURL() {
	raw := k.PublicURL
	u, err := url.Parse(raw)
	say := func(problem, fix string) { k.say("public_url", problem, fix) }
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		say("is not an absolute https URL", "write https:// and the host name")
	case u.User != nil:
		say("has a user name in it", "remove what stands before the @")
	case strings.ContainsAny(raw, "?#"):
		say("has a query or a fragment", "end it after the host")
	case strings.HasSuffix(raw, "/"):
		say("ends with a slash, and issuers are compared letter by letter", "write "+strings.TrimRight(raw, "/"))
	case u.Path != "":
		say("has a path, which is not supported", "write "+u.Scheme+"://"+u.Host)
	case u.Scheme == "http" && !oauth.IsLoopbackHost(u.Hostname()):
		say("is http, which is for this computer only", "write https://"+u.Host+", and set tls or put a proxy that speaks TLS before the server")
	case k.canonical(raw) != raw:
		say("is not in its plain form", "write "+k.canonical(raw))
	case !plainHost(u.Host):
		say("has a host that is not a plain name", "write it in ASCII, as DNS has it, with a port from 1 to 65535 or none")
	}
}

// canonical is raw in its one spelling; what has none is itself.
func (k *check) canonical(raw string) string {
	if id, err := oauth.CanonicalResource(raw); err == nil {
		return id
	}
	return raw
}

func (k *check) address(key, value string) {
	_, port, err := net.SplitHostPort(value)
	if _, notPort := strconv.ParseUint(port, 10, 16); err != nil || notPort != nil {
		k.say(key, "is "+k.quote(key, value)+", which is not host:port", `write ":8080" or "127.0.0.1:8080"`)
	}
}

// listensElsewhere reports whether http://localhost, which public_url is when
// nobody wrote it, leads to another listener than this.
func (k *check) listensElsewhere() bool {
	host, _, err := net.SplitHostPort(k.Listen)
	ip := net.ParseIP(host)
	return err == nil && host != "" && !oauth.IsLoopbackHost(host) && !(ip != nil && ip.IsUnspecified())
}

func (k *check) database() {
	db := string(k.Database)
	if db == "" {
		k.encryptionKey()
		return
	}
	u, err := url.Parse(db)
	switch {
	// What url.Parse says would quote the password.
	case err != nil:
		k.say("database", "is not a URL", "write postgres://user:password@host/name, with %XX for special characters in the password")
	case u.Scheme != "postgres" && u.Scheme != "postgresql":
		k.say("database", "is not the URL of a PostgreSQL database", "write postgres://user:password@host/name, or leave it empty for SQLite")
	}
	if k.EncryptionKey == "" && !k.KeyElsewhere.Used() {
		k.say("encryption_key", "is missing, and with PostgreSQL it is required", "make one with: openssl rand -base64 32, and give every replica the same")
		return
	}
	k.encryptionKey()
}

func (k *check) encryptionKey() {
	if k.EncryptionKey != "" && decodeKey(k.EncryptionKey) == nil {
		k.say("encryption_key", "is not base64 of 32 bytes", "make one with: openssl rand -base64 32")
	}
}

func (k *check) tls() {
	for _, f := range k.TLS.files() {
		switch {
		case k.TLS.Mode == "files" && f.path == "":
			k.say(f.key, "is missing, and with tls.mode: files it is required", "name a PEM file")
		case k.TLS.Mode == "off" && f.path != "" && !k.broken["tls.mode"]:
			k.say(f.key, "has no effect with tls.mode: off", "set tls.mode: files, or remove it")
		}
	}
	if u, err := url.Parse(k.PublicURL); err == nil && k.TLS.Mode == "files" && u.Scheme == "http" {
		k.say("public_url", "is http, but the listener speaks TLS", "write https://"+u.Host)
	}
}

func (k *check) tokens() {
	t := k.Tokens
	const hour, year = time.Hour, 8760 * time.Hour
	k.between("tokens.access_ttl", t.AccessTTL, time.Minute, 24*hour)
	k.between("tokens.refresh_ttl", t.RefreshTTL, hour, year)
	// RFC 6749 §4.1.2: "A maximum authorization code lifetime of 10 minutes is
	// RECOMMENDED."
	k.between("tokens.code_ttl", t.CodeTTL, 10*time.Second, 10*time.Minute)
	k.between("tokens.key_rotation", t.KeyRotation, hour, year)
	if t.RefreshTTL <= t.AccessTTL {
		k.say("tokens.refresh_ttl", "is not longer than tokens.access_ttl, so no token could be refreshed", "make it longer, such as 2160h")
	}
	if t.KeyRotation < t.AccessTTL {
		k.say("tokens.key_rotation", "is shorter than tokens.access_ttl, so old keys would pile up", "make it longer, such as 720h")
	}
}

func (k *check) flows() {
	if k.Flows.Keep != 0 {
		k.between("flows.keep", k.Flows.Keep, time.Hour, 2160*time.Hour)
	}
}

func (k *check) between(key string, d, least, most time.Duration) {
	switch {
	case d < least:
		k.say(key, "is "+short(d)+", which is too short", "make it "+short(least)+" to "+short(most))
	case d > most:
		k.say(key, "is "+short(d)+", which is too long", "make it "+short(least)+" to "+short(most))
	}
}

// short is a duration without its zeros: 1h, not 1h0m0s.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
