package clientbook

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// check finds what the types cannot.
func (c Client) check() error {
	switch {
	case c.Name == "", !strings.HasSuffix(c.About, "."):
		return errors.New("it needs a name, and about as a sentence")
	case !slices.Contains([]Place{Here, Hosted, Anywhere}, c.Runs):
		return fmt.Errorf("runs is %q", c.Runs)
	case len(c.Add.Steps) == 0, len(c.Connections) == 0:
		return errors.New("it needs steps and connections")
	case !c.Add.Evidence.known():
		return fmt.Errorf("the evidence of add is %q", c.Add.Evidence)
	}
	seen := map[string]bool{}
	for _, n := range c.Connections {
		if err := n.check(); err != nil {
			return fmt.Errorf("connection %q: %w", n.ID, err)
		}
		if seen[n.ID] {
			return fmt.Errorf("there are two connections %q", n.ID)
		}
		seen[n.ID] = true
	}
	for _, t := range c.Troubles {
		if t.Sees == "" || t.Why == "" || t.Mend == "" {
			return errors.New("a trouble needs sees, why and mend")
		}
	}
	return nil
}

func (e Evidence) known() bool { return slices.Contains([]Evidence{Documented, Observed, Assumed}, e) }

func (n Connection) check() error {
	known := Needs()
	for _, need := range n.Needs {
		if known[need] == "" {
			return fmt.Errorf("there is no need %q", need)
		}
	}
	switch {
	case n.ID == "", n.Title == "", n.Redirect == "":
		return errors.New("it needs an id, a title and a redirect")
	case !n.Evidence.known():
		return fmt.Errorf("its evidence is %q", n.Evidence)
	}
	for _, w := range []struct {
		what, is string
		among    []string
	}{
		{"discovery.match", n.Discovery.Match, []string{"url", "origin", "any"}},
		{"authorize.resource", n.Authorize.Resource, resources},
		{"authorize.state.encoding", n.Authorize.State.Encoding, []string{"base64", "base64url", "hex", "none"}},
		{"token.authentication", n.Token.Authentication, []string{"none", "client_secret_basic", "client_secret_post", "private_key_jwt"}},
		{"token.client_id", n.Token.ClientID, []string{"body", "absent"}},
		{"token.form", n.Token.Form, []string{"form", "json"}},
		{"token.resource", n.Token.Resource, resources},
		{"token.audience", n.Token.Audience, []string{"issuer", "token_endpoint"}},
		{"refresh.resource", n.Refresh.Resource, resources},
		{"refresh.scope", n.Refresh.Scope, []string{"none", "granted", "asked"}},
	} {
		if !slices.Contains(w.among, w.is) {
			return fmt.Errorf("%s is %q, not one of %v", w.what, w.is, w.among)
		}
	}
	return n.Registration.check()
}

var resources = []string{"metadata", "url", "slash", "origin", "none"}

func (r Registration) check() error {
	var object map[string]any
	switch r.Kind {
	case Document:
		if err := json.Unmarshal([]byte(r.Document), &object); err != nil {
			return fmt.Errorf("its document: %w", err)
		}
		// draft-ietf-oauth-client-id-metadata-document §4: the client_id of the
		// document "MUST match the URL of the document using simple string
		// comparison".
		if object["client_id"] != r.URL {
			return fmt.Errorf("its document has the client_id %v", object["client_id"])
		}
	case Dynamic:
		if err := json.Unmarshal([]byte(r.Request), &object); err != nil {
			return fmt.Errorf("its request: %w", err)
		}
	case Static:
	default:
		return fmt.Errorf("registration.kind is %q", r.Kind)
	}
	return nil
}
