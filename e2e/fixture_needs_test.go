package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"

	"github.com/sallyport-dev/sallyport/internal/clientbook"
)

// needChecks say how each need of the book is seen to be met, after everything
// else was played.
var needChecks = map[clientbook.Need]func(p *play) error{
	clientbook.NeedDocuments: func(p *play) error {
		return unless(p.server.Documents, "client_id_metadata_document_supported is not true")
	},
	clientbook.NeedNone:          listed("none", func(s serverDocument) []string { return s.Methods }),
	clientbook.NeedPrivateKeyJWT: listed("private_key_jwt", func(s serverDocument) []string { return s.Methods }),
	clientbook.NeedPKCEListed:    listed("S256", func(s serverDocument) []string { return s.Challenges }),
	clientbook.NeedOffline:       listed("offline_access", func(s serverDocument) []string { return s.Scopes }),
	clientbook.NeedRegistration: func(p *play) error {
		return unless(p.server.Registration != "", "there is no registration_endpoint")
	},
	clientbook.NeedSecret: func(p *play) error {
		return unless(p.secret != "", "there is no client_secret")
	},
	clientbook.NeedNoNulls:       func(p *play) error { return noEmpty(p.registered) },
	clientbook.NeedEveryRedirect: everyRedirect,
	clientbook.NeedAnyPort:       anyPort,
	clientbook.NeedIss: func(p *play) error {
		if !p.server.Iss {
			return errors.New("the metadata does not announce iss")
		}
		return issOfErrors(p)
	},
	clientbook.NeedIssuerExact: func(p *play) error {
		return unless(p.server.Issuer == p.resource.Servers[0], "there are two spellings of the issuer")
	},
	clientbook.NeedResourceExact: func(p *play) error {
		return unless(p.resource.Resource == p.d.MCP, "the resource is "+p.resource.Resource)
	},
	clientbook.NeedChallenge: func(p *play) error {
		return unless(p.challenge["resource_metadata"] != "", "the challenge names no metadata")
	},
	clientbook.NeedJSON404:      jsonNotFound,
	clientbook.NeedPreflight:    func(p *play) error { return unless(p.Calls.Origin != "", "it is not played from a browser") },
	clientbook.NeedRefreshToken: func(p *play) error { return unless(p.granted.Refresh != "", "there is none") },
	clientbook.NeedRotated:      rotated,
	clientbook.NeedBothSlashes:  func(p *play) error { return p.callAt(p.d.MCP+"/", p.Calls.Accept) },
	clientbook.NeedAnyAccept:    func(p *play) error { return p.callAt(p.d.MCP, "*/*") },
	clientbook.NeedConcurrent:   concurrent,
	// There are public addresses in no test.
	clientbook.NeedPublicAddress: nil,
}

func TestEveryNeedIsPlayed(t *testing.T) {
	for need := range clientbook.Needs() {
		if _, ok := needChecks[need]; !ok {
			t.Errorf("nothing checks %s", need)
		}
	}
}

func unless(met bool, problem string) error {
	if met {
		return nil
	}
	return errors.New(problem)
}

// listed wants a word in a list of the server's metadata. Where the client reads
// no metadata there is nothing to see.
func listed(word string, list func(serverDocument) []string) func(p *play) error {
	return func(p *play) error {
		if len(p.Discovery.Server) == 0 {
			return nil
		}
		return unless(slices.Contains(list(p.server), word), fmt.Sprintf("%s is not among %s", word, list(p.server)))
	}
}

// noEmpty finds members of the answer that strict readers take for mistakes.
func noEmpty(raw json.RawMessage) error {
	var members map[string]any
	if err := json.Unmarshal(raw, &members); err != nil {
		return err
	}
	for name, value := range members {
		list, isList := value.([]any)
		if value == nil || value == "" || isList && len(list) == 0 {
			return fmt.Errorf("%s is empty: %s", name, raw)
		}
	}
	return nil
}

func everyRedirect(p *play) error {
	var asked, got struct {
		Redirects []string `json:"redirect_uris"`
	}
	if err := errors.Join(json.Unmarshal([]byte(p.fill(p.Registration.Request)), &asked), json.Unmarshal(p.registered, &got)); err != nil {
		return err
	}
	return unless(slices.Equal(asked.Redirects, got.Redirects), fmt.Sprintf("%s became %s", asked.Redirects, got.Redirects))
}

// anyPort begins again at another port; where it is refused, the browser shows a
// page instead of going on.
func anyPort(p *play) error {
	again, err := url.Parse(p.authorization().url)
	if err != nil {
		return err
	}
	q := again.Query()
	to, err := url.Parse(q.Get("redirect_uri"))
	if err != nil {
		return err
	}
	to.Host = fmt.Sprintf("%s:%d", to.Hostname(), freePort(p.t))
	if to.Hostname() == "::1" {
		to.Host = fmt.Sprintf("[::1]:%d", freePort(p.t))
	}
	q.Set("redirect_uri", to.String())
	again.RawQuery = q.Encode()
	a, err := p.exchange(request{method: http.MethodGet, url: again.String(), header: map[string]string{"Accept": "text/html"}})
	if err != nil {
		return err
	}
	return unless(a.status < 400, fmt.Sprintf("%s is refused: %d", to, a.status))
}

// issOfErrors has the person say no, which is an answer as well. They are asked
// once more, whatever they allowed before.
func issOfErrors(p *play) error {
	p.asked = p.authorization()
	back, err := p.visitor.Deny(p.t.Context(), p.asked.url+"&prompt=consent")
	if err != nil {
		return err
	}
	if back.Query().Get("error") != "access_denied" {
		return fmt.Errorf("a person who says no gives %s", back)
	}
	return p.cameBack(back)
}

func jsonNotFound(p *play) error {
	for _, path := range []string{"/.well-known/nothing", "/.well-known/oauth-protected-resource/other", "/mcp/.well-known/nothing"} {
		a, err := p.exchange(request{method: http.MethodGet, url: p.d.URL + path})
		if err == nil {
			err = p.isJSON(a)
		}
		if err != nil || a.status != http.StatusNotFound {
			return fmt.Errorf("%s: %d, %w", path, a.status, err)
		}
	}
	return nil
}

// rotated refreshes once more, with what the refresh before it gave.
func rotated(p *play) error {
	before := p.granted.Refresh
	p.refresh()
	return unless(p.granted.Refresh != "" && p.granted.Refresh != before, "the refresh token is the same")
}

// concurrent has many processes refresh at a moment, and then each go on with
// what it got: nobody is signed out.
func concurrent(p *play) error {
	const processes = 8
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {p.granted.Refresh}}
	got := make([]tokenDocument, processes)
	failures := make([]error, processes)
	var all sync.WaitGroup
	for i := range processes {
		r, err := p.tokenRequest(cloned(form), p.Refresh.Resource, request{})
		if err != nil {
			return err
		}
		all.Go(func() {
			a, err := p.exchange(r)
			if err == nil && a.status != http.StatusOK {
				err = fmt.Errorf("%d %s", a.status, a.body)
			}
			if err == nil {
				err = json.Unmarshal(a.body, &got[i])
			}
			failures[i] = err
		})
	}
	all.Wait()
	if err := errors.Join(failures...); err != nil {
		return err
	}
	for _, tokens := range got {
		p.granted = tokens
		if err := p.callAt(p.d.MCP, p.Calls.Accept); err != nil {
			return err
		}
	}
	return nil
}
