package authserver_test

import (
	"fmt"
	"log/slog"
	"net/url"
	"strings"

	"github.com/sallyport-dev/sallyport/vault"
)

// openVault keeps the tokens of the upstream that the first resource has a
// connection to: "given connection NAME".
func (s *scene) openVault(log *slog.Logger) *vault.Vault {
	kept := map[string]vault.Upstream{}
	for name, e := range s.elsewhere {
		if way, ok := e.way.(vault.Way); ok && name == s.setting.resources[0].Connection {
			kept[name] = vault.Upstream{Issuer: e.url, Way: way}
		}
		if e.github != nil {
			e.github.Expiring = kept[name].Way != nil
		}
	}
	s.vault = vault.New(vault.Config{Store: s.store, Keys: s.keys, Upstreams: kept, Now: s.clock.Now, Log: log})
	return s.vault
}

// connect presses "Connect", on the page that the browser is on, or is sent to, and
// is at the upstream then: "connect NAME".
func (s *scene) connect(name string) error { return s.pressConnection("/connect/" + name) }

func (s *scene) disconnect(name string) error { return s.pressConnection("/disconnect/" + name) }

func (s *scene) pressConnection(action string) error {
	if location := s.last.header.Get("Location"); strings.HasPrefix(location, "/connect") || strings.HasPrefix(location, "/account") {
		if err := s.ask("GET", location); err != nil {
			return err
		}
	}
	form := formAt(s.last.body, action)
	if form == "" {
		return fmt.Errorf("the page has no form to %s", action)
	}
	form, _, _ = strings.Cut(form, "</form>")
	sent := url.Values{}
	for _, hidden := range []string{"ix", "csrf"} {
		if value, err := field(form, hidden); err == nil {
			sent.Set(hidden, value)
		}
	}
	s.body = sent.Encode()
	return s.ask("POST", action)
}

// withdraw is a person who revokes the program at GitHub: "withdraws PERSON".
func (s *scene) withdraw(person string) error {
	e := s.elsewhere["github"]
	e.github.Withdraw(e.people[person])
	return nil
}

// checkConnected looks whether there is a token: "connected SUBJECT NAME yes", or no.
func (s *scene) checkConnected(rest string) error {
	words := strings.Fields(rest)
	access, _, err := s.vault.Token(s.t.Context(), words[0], words[1])
	if err == nil {
		s.secrets[string(access)] = true
	}
	if (err == nil) != (words[2] == "yes") {
		return fmt.Errorf("the token: %v", err)
	}
	return nil
}
