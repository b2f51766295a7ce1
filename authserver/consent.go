package authserver

import (
	"net/http"
	"net/url"

	"github.com/sallyport-dev/sallyport/internal/flowtrace"
	"github.com/sallyport-dev/sallyport/internal/pages"
	"github.com/sallyport-dev/sallyport/internal/weblog"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

func aboutConsent(sealed string) string { return "consent " + sealed }

// showConsent asks the person. Fetching the page changes nothing.
func (s *Server) showConsent(w http.ResponseWriter, r *http.Request) error {
	sealed := r.URL.Query().Get("ix")
	ix, err := s.interaction(r.Context(), sealed)
	if err != nil {
		return err
	}
	session, person, err := s.session(r)
	if err != nil {
		return err
	}
	// The page is a step of its own: whoever comes here without having signed
	// in, or must do so again, is sent back to that.
	if earlier, err := s.earlier(w, r, ix, session); earlier || err != nil {
		return err
	}
	if err := s.mayAllow(r.Context(), ix, person.ID); err != nil {
		return err
	}
	view, err := s.consentView(r, ix, person)
	if err != nil {
		return err
	}
	flowtrace.From(r.Context()).Did(flowtrace.Consent, flowtrace.ShownConsent)
	view.Transaction = sealed
	view.CSRF = s.formToken(s.browser(w, r), s.cookie(r, sessionCookie), aboutConsent(sealed))
	s.Pages.Consent(w, http.StatusOK, view)
	return nil
}

func (s *Server) consentView(r *http.Request, ix Interaction, person oauth.Person) (pages.Consent, error) {
	to, err := s.replyOf(r, ix)
	if err != nil {
		return pages.Consent{}, err
	}
	c, err := s.clients.find(r, ix.ClientID)
	if err != nil {
		return pages.Consent{}, err
	}
	resource, ok := s.resource(ix.Resource)
	if !ok {
		return pages.Consent{}, oauth.Refuse(oauth.InvalidTarget, "the resource is gone")
	}
	before, err := s.granted(r, ix, person.ID)
	if err != nil {
		return pages.Consent{}, err
	}
	lines := scopeLines(resource, ix.Scope.Plain(), before)
	for i := range lines {
		if lines[i].Name == resource.HandOut.Name {
			lines[i].Title += " to " + handedTo(oauth.TargetOf(to.uri))
		}
	}
	return pages.Consent{
		Action: "/consent", SwitchAction: "/logout", Person: personLine(person),
		Target: oauth.TargetOf(to.uri), RedirectURI: to.uri, ClientName: c.Metadata.ClientName, ProvedBy: provedBy(c),
		ResourceTitle: resource.Title, ResourceURL: resource.ID,
		Scopes: lines, Elsewhere: s.elsewhereLines(ix.Scope),
		AccountURL: s.Issuer + "/account", OfflineAccess: c.May(oauth.GrantTypeRefresh), AccessTTL: s.AccessTTL,
	}, nil
}

// granted is what this person already lets this client do here, reached at the
// host that will get the answer. A client that comes back for more is in the
// middle of something the person asked for; another host with the same client id
// is not.
func (s *Server) granted(r *http.Request, ix Interaction, subject string) (oauth.Scope, error) {
	grants, err := s.Grants.Grants(r.Context(), store.GrantFilter{Subject: subject, ClientID: ix.ClientID, Resource: ix.Resource}, "", 20)
	var scope oauth.Scope
	host := oauth.TargetOf(ix.RedirectURI).Host
	for _, g := range grants {
		if g.RedirectHost == host {
			scope = scope.Union(g.Scope)
		}
	}
	return scope, err
}

// scopeLines says what is asked for. What a resource grants by default cannot
// be left out, as without it the client can do nothing; the rest was asked for by
// name and is the person's choice. It starts unchosen, unless there is nothing else
// on the page or the client, let in before, has come back for it: whoever presses
// Allow then expects what they were doing to go on.
func scopeLines(resource oauth.ProtectedResource, asked, before oauth.Scope) []pages.ScopeLine {
	defaults := resource.Defaults()
	given := asked.Without(oauth.Scope{resource.HandOut.Name})
	only := len(given.Intersect(defaults)) == 0
	var lines []pages.ScopeLine
	for _, info := range resource.Scopes {
		if !asked.Has(info.Name) {
			continue
		}
		required := defaults.Has(info.Name) || (only && len(given) == 1)
		lines = append(lines, pages.ScopeLine{
			Name: info.Name, Title: info.Title, Description: info.Description,
			Optional: !required, Checked: required || only || len(before) > 0,
		})
	}
	if info := resource.HandOut; asked.Has(info.Name) {
		// Nothing else ticks it, neither that there is no other nor that it was ticked before.
		lines = append(lines, pages.ScopeLine{Name: info.Name, Title: info.Title, Description: info.Description, Optional: true})
	}
	return lines
}

// provedBy is the host that vouches for a client: the one where its document is.
// draft-ietf-oauth-client-id-metadata-document §6.4.
func provedBy(c oauth.Client) string {
	if c.Source != oauth.FromDocument {
		return ""
	}
	u, err := url.Parse(c.ID)
	if err != nil {
		return ""
	}
	return u.Host
}

func personLine(p oauth.Person) string {
	name := p.Name
	if name == "" {
		name = p.Username
	}
	switch {
	case p.Email != "":
		return name + " (" + p.Email + ")"
	case name != p.Username:
		return name + " (" + p.Username + ")"
	}
	return name
}

// earlier sends who is not there yet back to the step that they are at, and
// reports whether it did.
func (s *Server) earlier(w http.ResponseWriter, r *http.Request, ix Interaction, session *oauth.Session) (bool, error) {
	next, err := s.next(r.Context(), ix, session, false)
	switch {
	case err != nil:
		return false, err
	case next == stepLogin:
		return true, s.goTo(w, "/login", ix)
	case next == stepConnect:
		return true, s.goTo(w, "/connect", ix)
	}
	return false, nil
}

// decide takes the answer of the consent page.
func (s *Server) decide(w http.ResponseWriter, r *http.Request) error {
	sealed := r.PostForm.Get("ix")
	ix, err := s.interaction(r.Context(), sealed)
	if err != nil {
		return err
	}
	session, person, err := s.session(r)
	if err != nil {
		return err
	}
	if earlier, err := s.earlier(w, r, ix, session); earlier || err != nil {
		return err
	}
	if err := s.checkForm(r, aboutConsent(sealed)); err != nil {
		return err
	}
	weblog.From(r.Context()).Add("client", ix.ClientID)
	// Anything but the word itself is no: only a pressed button allows.
	if r.PostForm.Get("decision") != "allow" {
		return s.denied(w, r, ix, person)
	}
	scope, err := s.chosen(ix, r.PostForm)
	if err != nil {
		return err
	}
	if err := s.mayAllow(r.Context(), ix, person.ID); err != nil {
		return err
	}
	if err := s.remember(r, ix, person.ID, scope); err != nil {
		return err
	}
	s.auditConsent(r.Context(), store.ConsentAllowed, ix, person, scope)
	flowtrace.From(r.Context()).Did(flowtrace.Consent, flowtrace.Allowed)
	return s.answer(w, r, ix, *session, scope)
}

// denied tells the client. Whoever says no is asked the next time, also about
// what they said yes to before; what they granted before stays theirs to revoke.
func (s *Server) denied(w http.ResponseWriter, r *http.Request, ix Interaction, person oauth.Person) error {
	to, err := s.replyOf(r, ix)
	if err != nil {
		return err
	}
	if target := oauth.TargetOf(ix.RedirectURI); target.Memorable() {
		if err := s.Consents.Forget(r.Context(), oauth.Consent{
			Subject: person.ID, ClientID: ix.ClientID, RedirectHost: target.Host, Resource: ix.Resource}); err != nil {
			return err
		}
	}
	s.auditConsent(r.Context(), store.ConsentDenied, ix, person, nil)
	to.refuse(w, r, oauth.Refuse(oauth.AccessDenied, "the person said no"))
	return nil
}

// chosen is the scope that was left after the person's choice: never more than
// what was asked for.
func (s *Server) chosen(ix Interaction, form url.Values) (oauth.Scope, error) {
	resource, ok := s.resource(ix.Resource)
	if !ok {
		return nil, oauth.Refuse(oauth.InvalidTarget, "the resource is gone")
	}
	ticked := oauth.NewScope(form["scope"]...)
	var granted []string
	for _, line := range scopeLines(resource, ix.Scope.Plain(), nil) {
		if !line.Optional || ticked.Has(line.Name) {
			granted = append(granted, line.Name)
		}
	}
	if len(granted) == 0 {
		return nil, oauth.Refuse(oauth.InvalidRequest, "nothing was chosen; choose at least one permission, or press Deny")
	}
	for _, d := range ix.Scope.Delegations() {
		granted = append(granted, d.Token())
	}
	return oauth.NewScope(granted...), nil
}

func (s *Server) remember(r *http.Request, ix Interaction, subject string, scope oauth.Scope) error {
	target := oauth.TargetOf(ix.RedirectURI)
	if !target.Memorable() || !s.clients.documents.memorable(ix.ClientID) {
		return nil
	}
	resource, _ := s.resource(ix.Resource)
	return s.Consents.Remember(r.Context(), oauth.Consent{
		Subject: subject, ClientID: ix.ClientID, RedirectHost: target.Host, Resource: ix.Resource, At: s.Now(),
		// Whoever wants the person's own token asks the person each time.
		Scope: scope.Without(oauth.Scope{resource.HandOut.Name})})
}
