package authserver

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/flowtrace"
	"github.com/sallyport-dev/sallyport/internal/pages"
	"github.com/sallyport-dev/sallyport/internal/weblog"
	"github.com/sallyport-dev/sallyport/oauth"
)

// A handler returns its error. It neither renders nor logs it.
type handler func(w http.ResponseWriter, r *http.Request) error

// json makes an endpoint for programs of h.
func (s *Server) json(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		crossOrigin(w.Header())
		// RFC 6749 §5.1: "The authorization server MUST include the HTTP
		// "Cache-Control" response header field with a value of "no-store" in any
		// response containing tokens, credentials, or other sensitive information".
		w.Header().Set("Cache-Control", "no-store")
		if err := h(w, r); err != nil {
			refuseJSON(w, r, oauth.AsError(err))
		}
	})
}

// page makes an endpoint for people of h.
func (s *Server) page(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			s.refusePage(w, r, oauth.AsError(err))
		}
	})
}

// form is a page that changes something: it is refused when another site sent it.
// What it brought is in r.PostForm.
func (s *Server) form(h handler) http.Handler {
	guard := http.NewCrossOriginProtection()
	if err := guard.AddTrustedOrigin(s.Issuer); err != nil {
		panic("authserver: the issuer is not an origin: " + err.Error())
	}
	return s.page(func(w http.ResponseWriter, r *http.Request) error {
		if err := guard.Check(r); err != nil {
			return oauth.Refuse(oauth.AccessDenied, "this form was sent by another site").Because(err)
		}
		if err := readPageForm(w, r); err != nil {
			return err
		}
		return h(w, r)
	})
}

// refuseJSON is the error response of RFC 6749 §5.2.
func refuseJSON(w http.ResponseWriter, r *http.Request, e *oauth.Error) {
	weblog.From(r.Context()).Fail(e)
	flowtrace.From(r.Context()).Refused(e)
	comeAgain(w, e)
	switch {
	case w.Header().Get("WWW-Authenticate") != "":
	case e.Code == oauth.InvalidClient:
		// RFC 6749 §5.2: "If the client attempted to authenticate via the
		// "Authorization" request header field, the authorization server MUST respond
		// with an HTTP 401 (Unauthorized) status code and include the
		// "WWW-Authenticate" response header field".
		w.Header().Set("WWW-Authenticate", `Basic realm="sallyport"`)
	case e.Code == oauth.InvalidToken:
		// RFC 6750 §3: the same for a protected resource, which registration is
		// where it needs a token.
		w.Header().Set("WWW-Authenticate", `Bearer realm="sallyport", error="invalid_token"`)
	}
	writeJSON(w, e.Code.Status(), struct {
		Error       oauth.ErrorCode `json:"error"`
		Description string          `json:"error_description"`
		Page        string          `json:"error_uri,omitempty"`
	}{e.Code, e.Description, e.Page})
}

// comeAgain says when to come again, where that is known. RFC 9110 §10.2.3.
func comeAgain(w http.ResponseWriter, e *oauth.Error) {
	if e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(e.RetryAfter))
	}
}

// attempt names the flow of an interaction, for a person to tell whoever runs the
// server.
func attempt(r *http.Request, sealed string) string {
	if sealed == "" {
		return ""
	}
	return reference(flowtrace.From(r.Context()).Flow())
}

// reference is a flow as it is named on pages; empty where none was kept.
func reference(id string) string {
	if id == "" {
		return ""
	}
	return "flow " + id
}

// refusePage says it to a person, where there is no client to say it to.
func (s *Server) refusePage(w http.ResponseWriter, r *http.Request, e *oauth.Error) {
	problem := s.problem(r, e)
	comeAgain(w, e)
	s.Pages.Problem(w, e.Code.Status(), problem)
}

// problem is a refusal as a person is told it: in the sentence of the flow trace,
// and with the name of the attempt there.
func (s *Server) problem(r *http.Request, e *oauth.Error) pages.Problem {
	event, flow := weblog.From(r.Context()), flowtrace.From(r.Context())
	event.Fail(e)
	problem := pages.Problem{Title: title(e.Code), Happened: sentence(e.Description), ToDo: hints[e.Description]}
	id := flow.Refused(e)
	if why := flow.Explain(e); why.Said != "" {
		problem.Happened = why.Said
	}
	if e.Description == unknownClient {
		problem.ByClient = forgottenClient
	}
	if problem.Title == cannotConnect {
		problem.HelpURL = s.helpURL()
	}
	if problem.Reference = reference(id); id == "" && event != nil {
		problem.Reference = event.ID
	}
	if e.Code == oauth.ServerError {
		problem.Title = "The server could not do this"
		problem.Happened = "A fault on the server got in the way. Nothing was changed."
		problem.ToDo = "Try again in a moment. If it keeps happening, tell whoever runs this server."
	}
	return problem
}

func title(code oauth.ErrorCode) string {
	switch code {
	case oauth.NotFound:
		return "There is nothing here"
	case oauth.AccessDenied:
		return "Nothing was done"
	case oauth.TemporarilyUnavailable:
		return "This connection cannot be made now"
	}
	return cannotConnect
}

const cannotConnect = "This connection cannot be made"

// helpURL is where people read how to add a server to their client: the page of
// the server itself, or, where there are several, the one that lists them.
func (s *Server) helpURL() string {
	if len(s.Resources) == 1 {
		return s.Resources[0].ID
	}
	return "/"
}

// sentence makes a description read as one.
func sentence(description string) string {
	if description == "" {
		return ""
	}
	first := description[0]
	if 'a' <= first && first <= 'z' {
		first -= 'a' - 'A'
	}
	return string(first) + strings.TrimSuffix(description[1:], ".") + "."
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v) //nolint:errcheck // the client went away; nobody is left to tell
}

func (s *Server) notFound(http.ResponseWriter, *http.Request) error {
	return oauth.Refuse(oauth.NotFound, nothingHere)
}

// refuseMethod says which methods there are: "POST, OPTIONS". It sets no
// headers for other origins, so the authorization endpoint can have it.
func refuseMethod(allowed string) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Allow", allowed)
		w.Header().Set("Cache-Control", "no-store")
		weblog.From(r.Context()).Add("refusal", "method not allowed")
		writeJSON(w, http.StatusMethodNotAllowed, map[string]string{
			"error": string(oauth.InvalidRequest), "error_description": "this endpoint takes " + allowed + " only"})
		return nil
	}
}
