package authserver

import (
	"net/http"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/flowtrace"
	"github.com/sallyport-dev/sallyport/internal/weblog"
	"github.com/sallyport-dev/sallyport/oauth"
)

// registered is the answer of RFC 7591 §3.2.1: every member that is there has a
// value, because some clients read an empty one as a mistake.
type registered struct {
	ClientID         string `json:"client_id"`
	ClientIDIssuedAt int64  `json:"client_id_issued_at"`
	ClientSecret     string `json:"client_secret,omitempty"`
	// RFC 7591 §3.2.1: "REQUIRED if "client_secret" is issued. [...] or 0 if it
	// will not expire."
	SecretExpiresAt *int64 `json:"client_secret_expires_at,omitempty"`
	oauth.ClientMetadata
}

// register answers RFC 7591 §3. It is tolerant in what it takes and exact in
// what it answers. Identical public registrations share one row and one id, so
// a client that registers at every start leaves one trace.
func (s *Server) register(w http.ResponseWriter, r *http.Request) error {
	if err := s.mayRegister(r); err != nil {
		return err
	}
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	asked, err := oauth.ParseRegistration(body)
	if err != nil {
		return err
	}
	metadata, err := asked.Complete(s.Registration.PrivateSchemes)
	if err != nil {
		return err
	}
	c, secret := s.newClient(metadata)
	if err := s.mayAdd(r, c); err != nil {
		return err
	}
	kept, err := s.Clients.Register(r.Context(), c)
	if err != nil {
		return err
	}
	weblog.From(r.Context()).Add("client", kept.ID)
	flow := flowtrace.From(r.Context())
	flow.Client(kept)
	flow.Did(flowtrace.Registration, flowtrace.Registered)
	s.auditRegistration(r.Context(), kept, c)
	answer := registered{ClientID: kept.ID, ClientIDIssuedAt: kept.Created.Unix(), ClientMetadata: metadata}
	if secret != "" {
		answer.ClientSecret = string(secret)
		answer.SecretExpiresAt = new(int64)
	}
	writeJSON(w, http.StatusCreated, answer)
	return nil
}

// mayAdd bounds what strangers can leave here, by address and altogether. A
// registration that is here already adds nothing, and is never refused: many
// clients send theirs at every start.
func (s *Server) mayAdd(r *http.Request, c oauth.Client) error {
	if c.Public() {
		if _, err := s.Clients.Client(r.Context(), c.ID); !isNotFound(err) {
			return err
		}
	}
	from := s.Address(r)
	if wait := s.limits.registrations.spend(network(from)); wait > 0 {
		return tooMany(wait)
	}
	if wait := s.limits.slowly.spend(neighbourhood(from)); wait > 0 {
		return tooMany(wait)
	}
	return s.room.take(r.Context())
}

func (s *Server) newClient(m oauth.ClientMetadata) (oauth.Client, oauth.Secret) {
	c := oauth.Client{Metadata: m, Source: oauth.FromRegistration, Created: s.Now(), LastUsed: s.Now()}
	if c.Public() {
		c.ID = m.PublicID()
		return c, ""
	}
	secret := oauth.NewSecret(oauth.ClientSecret)
	c.ID, c.SecretDigest = oauth.NewID("sp_cl_"), secret.Digest()
	return c, secret
}

// mayRegister checks the initial access token where one is needed. RFC 7591 §3.
func (s *Server) mayRegister(r *http.Request) error {
	if s.Registration.Open {
		return nil
	}
	if s.Registration.Token.IsZero() {
		return oauth.Refuse(oauth.AccessDenied, "this server does not let clients register themselves; ask whoever runs it for a client_id")
	}
	refused := oauth.Refuse(oauth.InvalidToken, "registration needs the initial access token of this server")
	scheme, presented, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return refused
	}
	who := "initial access token " + network(s.Address(r))
	if wait := s.limits.secrets.blocked(who); wait > 0 {
		return tooMany(wait)
	}
	if !oauth.Secret(strings.TrimSpace(presented)).Digest().Equal(s.Registration.Token) {
		s.limits.secrets.spend(who)
		return refused
	}
	return nil
}
