package authserver

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/internal/flowtrace"
	"github.com/sallyport-dev/sallyport/internal/weblog"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
	"github.com/sallyport-dev/sallyport/vault"
)

// handedOut is the answer of /token/{login}/access-token.
type handedOut struct {
	AccessToken string `json:"accessToken"`
	// PrivyAccessToken is the same once more, for a login that is called privy: a
	// server that this one takes the place of named it so.
	PrivyAccessToken string     `json:"privyAccessToken,omitempty"`
	ExpiresAt        *time.Time `json:"expiresAt,omitempty"` // absent: it was not said that it ends
	IssuedAt         time.Time  `json:"issuedAt"`            // when this was answered
	UserID           string     `json:"userId"`              // who the person is there
	Scope            string     `json:"scope"`               // of the token that was presented
}

// handOut gives a client the person's own token of a login: off, unless the settings
// switch it on, and for a grant that holds the scope for it, which is never there but
// by a tick of the person's own. What the request has besides its token is not read.
func (s *Server) handOut(u Upstream) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		g, scope, err := s.mayHave(w, r, u)
		if err != nil {
			return err
		}
		resource, _ := s.resource(g.Resource)
		connection, _ := s.connectionOf(g.Subject, resource)
		bearer, expires, err := s.Vault.Token(r.Context(), connection)
		if errors.Is(err, vault.ErrNotConnected) || errors.Is(err, vault.ErrDead) {
			return oauth.Refuse(oauth.TokenNotFound, "there is no token of the person's that is alive; they have to sign in again").Because(err)
		}
		if err != nil {
			return err
		}
		answer := handedOut{AccessToken: string(bearer), IssuedAt: s.Now().UTC(), Scope: scope.String()}
		if !expires.IsZero() {
			ends := expires.UTC()
			answer.ExpiresAt = &ends
		}
		if u.Name == "privy" {
			answer.PrivyAccessToken = answer.AccessToken
		}
		if answer.UserID, err = s.whoThere(r.Context(), g.Subject, u); err != nil {
			return err
		}
		s.auditGiven(r.Context(), store.TokenHandedOut, g.ClientID, g, "the person's own token of "+u.Name+" itself")
		writeJSON(w, http.StatusOK, answer)
		return nil
	}
}

// mayHave reads the token of the request, and the grant that it hangs from. Both have
// to hold the scope, by name, and the resource has to be one with that connection: a
// server that acts for the person (RFC 8693 §4.1) is not who the person ticked it for.
func (s *Server) mayHave(w http.ResponseWriter, r *http.Request, u Upstream) (oauth.Grant, oauth.Scope, error) {
	values := r.Header.Values("Authorization")
	scheme, presented, _ := strings.Cut(strings.Join(values, ","), " ")
	if !strings.EqualFold(scheme, "Bearer") || len(values) != 1 {
		// RFC 6750 §3.1: a request that "lacks any authentication information" is told
		// how to begin, and no error.
		w.Header().Set("WWW-Authenticate", `Bearer realm="sallyport"`)
		return oauth.Grant{}, nil, oauth.Refuse(oauth.InvalidToken, "an access token is required")
	}
	access, err := s.accessToken(oauth.Secret(strings.TrimSpace(presented)))
	if err != nil {
		return oauth.Grant{}, nil, oauth.Refuse(oauth.InvalidToken, "the access token is not valid").Because(err)
	}
	g, err := s.Grants.Grant(r.Context(), access.GrantID)
	switch {
	case isNotFound(err):
		return g, nil, oauth.Refuse(oauth.InvalidToken, "the access token was revoked").Because(err)
	case err != nil:
		return g, nil, err
	}
	weblog.From(r.Context()).Add("grant", g.ID)
	weblog.From(r.Context()).Add("client", g.ClientID)
	flowtrace.From(r.Context()).Grant(g.ID)
	needs := oauth.HandOutScope(u.Name)
	resource, _ := s.resource(access.Audience)
	if resource.Connection != u.Name || resource.HandOut.Name != needs || len(access.Actors) > 0 || g.Resource != access.Audience ||
		!access.Scope.Has(needs) || !g.Scope.Has(needs) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="sallyport", error="insufficient_scope", scope="`+needs+`"`)
		return g, nil, oauth.Refuse(oauth.InsufficientScope, "the person has not agreed to hand their token to this client")
	}
	err = s.stillVouchedFor(r.Context(), g.Subject, resource, g.Created)
	if e := oauth.AsError(err); err != nil && e.Code == oauth.InvalidGrant {
		err = oauth.Refuse(oauth.InvalidToken, vouchedNoMore).Because(e.Cause)
	}
	return g, access.Scope, err
}

// whoThere is what an upstream calls a person; empty where that is not known.
func (s *Server) whoThere(ctx context.Context, person string, u Upstream) (string, error) {
	all, err := s.Identities.Identities(ctx, person)
	if err != nil {
		return "", err
	}
	for _, i := range all {
		if i.Issuer == u.Way.Authority() {
			return i.Subject, nil
		}
	}
	return "", nil
}

// handedTo is who gets a token that is handed out, in words.
func handedTo(t oauth.RedirectTarget) string {
	if t.Loopback || t.Private {
		return "a program on this computer"
	}
	return t.Host
}
