package authserver

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/internal/flowtrace"
	"github.com/sallyport-dev/sallyport/internal/weblog"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

// An Interaction is an authorization request that waits for a person. It is
// not stored: sealed, it is a parameter of the pages that belong to it, so any
// replica can go on with it, several can be open in one browser, and strangers
// fill no table.
type Interaction struct {
	ClientID    string
	RedirectURI string
	State       []byte // any bytes; nil: none was sent
	Resource    string
	Scope       oauth.Scope
	Challenge   oauth.Challenge
	Prompt      string
	LoginHint   string
	MaxAge      time.Duration // -1: any
	Began       time.Time
	Flow        string // its id in the flow trace; it decides nothing
	// Errand is the link to come back to, path and query, where the person has to
	// sign in for that and no client waits: then it can be answered to none.
	Errand string `json:",omitempty"`
}

// interactionTTL is how long a person may take.
const interactionTTL = time.Hour

const sealInteraction = "interaction"

// A step is what a person must still do.
type step int

const (
	stepLogin step = iota
	stepConnect
	stepConsent
	stepAnswer
)

// next says what the person must still do. It is the only place that knows
// the order of the steps.
func (ix Interaction) next(session *oauth.Session, covered bool, now time.Time) step {
	switch {
	case session == nil,
		ix.prompts("login") && session.AuthTime.Before(ix.Began),
		// OpenID Connect Core §3.1.2.1: "If the elapsed time is greater than this
		// value, the OP MUST attempt to actively re-authenticate the End-User."
		ix.MaxAge >= 0 && now.Sub(session.AuthTime) > ix.MaxAge && session.AuthTime.Before(ix.Began):
		return stepLogin
	case !covered, ix.prompts("consent"), ix.prompts("select_account"):
		return stepConsent
	}
	return stepAnswer
}

// next is that of the interaction, for who came by a way that its resource takes,
// and has the connection that its calls need.
func (s *Server) next(ctx context.Context, ix Interaction, session *oauth.Session, covered bool) (step, error) {
	resource, ok := s.resource(ix.Resource)
	if ok && session != nil && !takes(resource, session.Way) {
		return stepLogin, nil
	}
	to := ix.next(session, covered, s.Now())
	if !ok || to == stepLogin {
		return to, nil
	}
	lacks, err := s.lacksConnection(ctx, resource, session.Subject)
	if lacks {
		to = stepConnect
	}
	return to, err
}

// takes reports whether people who signed in by a way may come to a resource.
func takes(r oauth.ProtectedResource, way string) bool {
	return len(r.Logins) == 0 || slices.Contains(r.Logins, way)
}

// prompts reports whether the client asked for a step by name. OpenID Connect
// Core §3.1.2.1: a space-delimited list; unknown names are ignored.
func (ix Interaction) prompts(name string) bool {
	return slices.Contains(strings.Fields(ix.Prompt), name)
}

// advance brings the person to the next step.
func (s *Server) advance(w http.ResponseWriter, r *http.Request, ix Interaction, to *reply) error {
	session, person, err := s.session(r)
	if err != nil {
		return err
	}
	covered := false
	if session != nil {
		if covered, err = s.remembered(r, ix, person.ID); err != nil {
			return err
		}
	}
	next, err := s.next(r.Context(), ix, session, covered)
	if err != nil {
		return err
	}
	switch next {
	case stepLogin:
		if ix.prompts("none") {
			to.refuse(w, r, oauth.Refuse(oauth.LoginRequired, "the person is not signed in"))
			return nil
		}
		return s.goTo(w, "/login", ix)
	case stepConnect:
		if ix.prompts("none") {
			to.refuse(w, r, oauth.Refuse(oauth.ConsentRequired, "the person has not connected the service that this server acts at"))
			return nil
		}
		return s.goTo(w, "/connect", ix)
	case stepConsent:
		if ix.prompts("none") {
			to.refuse(w, r, oauth.Refuse(oauth.ConsentRequired, "the person has not agreed yet"))
			return nil
		}
		return s.goTo(w, "/consent", ix)
	}
	weblog.From(r.Context()).Add("consent", "remembered")
	flowtrace.From(r.Context()).Did(flowtrace.Consent, flowtrace.ConsentRemembered)
	return s.answer(w, r, ix, *session, ix.Scope)
}

// goTo leads to a page of the flow, which carries the interaction.
func (s *Server) goTo(w http.ResponseWriter, path string, ix Interaction) error {
	sealed, err := s.sealInteraction(ix)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Location", path+"?ix="+url.QueryEscape(sealed))
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// remembered reports whether the person agreed to this before, and has it among
// what they can revoke. What goes to a
// program on a computer is asked every time: any program can take its place.
func (s *Server) remembered(r *http.Request, ix Interaction, subject string) (bool, error) {
	target := oauth.TargetOf(ix.RedirectURI)
	if !target.Memorable() || !s.clients.documents.memorable(ix.ClientID) {
		return false, nil
	}
	scope, err := s.Consents.Remembered(r.Context(), oauth.Consent{
		Subject: subject, ClientID: ix.ClientID, RedirectHost: target.Host, Resource: ix.Resource})
	if err != nil {
		return false, err
	}
	// An empty scope is remembered too, but only as such.
	return len(scope) > 0 && scope.Covers(ix.Scope), nil
}

// answer mints the code and sends it. Nothing is written: the code is sealed
// and carries what the grant will be.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, ix Interaction, session oauth.Session, scope oauth.Scope) error {
	to, err := s.replyOf(r, ix)
	if err != nil {
		return err
	}
	if err := s.mayAllow(r.Context(), ix, session.Subject); err != nil {
		return err
	}
	c, err := s.clients.find(r, ix.ClientID)
	if err != nil {
		return err
	}
	flow := flowtrace.From(r.Context())
	flow.Client(c)
	flow.Person(session.Subject)
	flow.Did(flowtrace.Code, flowtrace.CodeSent)
	now := s.Now()
	code, err := s.sealCode(Code{
		ID: oauth.NewDigest(), ClientID: ix.ClientID, ClientSince: c.Created, RedirectURI: ix.RedirectURI, Subject: session.Subject,
		Resource: ix.Resource, Scope: scope, Challenge: ix.Challenge, AuthTime: session.AuthTime,
		Issued: now, Expires: now.Add(s.CodeTTL), Flow: flow.Flow(),
	})
	if err != nil {
		return err
	}
	weblog.From(r.Context()).Add("subject", session.Subject)
	to.send(w, r, "code", string(code))
	return nil
}

// replyOf makes the reply again from what was sealed. The client is looked up
// anew: it may have been removed, or have lost the redirect URI, meanwhile.
func (s *Server) replyOf(r *http.Request, ix Interaction) (*reply, error) {
	c, err := s.clients.find(r, ix.ClientID)
	if isNotFound(err) {
		return nil, oauth.Refuse(oauth.InvalidRequest, unknownClient)
	}
	if err != nil {
		return nil, err
	}
	return s.replyTo(c, ix.RedirectURI, ix.State)
}

func (s *Server) sealInteraction(ix Interaction) (string, error) {
	plain, err := json.Marshal(ix)
	if err != nil {
		return "", err
	}
	return s.Keys.Seal(sealInteraction, plain), nil
}

// interaction reads the parameter ix of a page of an authorization request.
func (s *Server) interaction(ctx context.Context, sealed string) (Interaction, error) {
	ix, err := s.waiting(ctx, sealed)
	if err == nil && ix.Errand != "" {
		err = oauth.Refuse(oauth.InvalidRequest, nothingWaits)
	}
	return ix, err
}

// waiting reads the parameter ix of a page where people sign in, for whatever.
func (s *Server) waiting(ctx context.Context, sealed string) (Interaction, error) {
	var ix Interaction
	if sealed == "" {
		return ix, oauth.Refuse(oauth.InvalidRequest, nothingWaits)
	}
	plain, err := s.Keys.Unseal(sealInteraction, sealed)
	if err != nil {
		return ix, oauth.Refuse(oauth.InvalidRequest, nothingWaits).Because(err)
	}
	if err := json.Unmarshal(plain, &ix); err != nil {
		return ix, err
	}
	flowtrace.From(ctx).Join(ix.Flow)
	if s.Now().Sub(ix.Began) > interactionTTL {
		return ix, oauth.Refuse(oauth.InvalidRequest, tookTooLong)
	}
	return ix, nil
}

// A Code is what an authorization code carries. Sealed with a key that needs
// both the database and the installation's encryption key, it can be made from
// neither alone. It is not stored; its ID, unique among grants, is what makes
// it good for one redemption.
type Code struct {
	ID          oauth.Digest
	ClientID    string
	ClientSince time.Time // when it was created
	RedirectURI string
	Subject     string
	Resource    string
	Scope       oauth.Scope
	Challenge   oauth.Challenge
	AuthTime    time.Time
	Issued      time.Time
	Expires     time.Time
	Flow        string // its id in the flow trace
}

const sealCode = "code"

func (s *Server) sealCode(c Code) (oauth.Secret, error) {
	plain, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	return oauth.Secret(oauth.CodePrefix + s.Keys.Seal(sealCode, plain)), nil
}

// openCode reads a presented code. One error covers every way to be wrong.
func (s *Server) openCode(presented string) (Code, error) {
	var c Code
	sealed, ok := strings.CutPrefix(presented, oauth.CodePrefix)
	if !ok {
		return c, errors.New("the code has not the form of one")
	}
	plain, err := s.Keys.Unseal(sealCode, sealed)
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(plain, &c); err != nil {
		return c, err
	}
	if !s.Now().Before(c.Expires) {
		return c, errors.New("the code has expired")
	}
	return c, nil
}

func isNotFound(err error) bool { return errors.Is(err, store.ErrNotFound) }
