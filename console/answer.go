package console

import (
	"encoding/json"
	"net/http"

	"github.com/sallyport-dev/sallyport/internal/weblog"
	"github.com/sallyport-dev/sallyport/oauth"
)

// refuse renders every error of this package, here only. RFC 6750 §3.
func (a *API) refuse(w http.ResponseWriter, r *http.Request, e *oauth.Error, scope string) {
	weblog.From(r.Context()).Fail(e)
	challenge := ""
	switch {
	case e == errNoToken:
		// RFC 6750 §3.1: a request without authentication information "SHOULD NOT
		// include an error code or other error information".
		challenge = "Bearer "
	case e.Code == oauth.InvalidToken || e.Code == oauth.InsufficientScope:
		challenge = `Bearer error="` + string(e.Code) + `", `
	}
	if challenge != "" {
		if scope != "" {
			challenge += `scope="` + scope + `", `
		}
		w.Header().Set("WWW-Authenticate", challenge+`resource_metadata="`+a.metadata+`"`)
	}
	answerJSON(w, e.Code.Status(), struct {
		Error       oauth.ErrorCode `json:"error"`
		Description string          `json:"error_description"`
	}{e.Code, e.Description})
}

func answerJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":"server_error"}`) // strings, numbers and times do not fail
	}
	answer(w, status, append(body, '\n'))
}

func answer(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	// A page elsewhere cannot even embed what it could not read.
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	w.WriteHeader(status)
	w.Write(body) //nolint:errcheck // the client went away
}
