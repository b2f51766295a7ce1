package flowtrace

import (
	"net/http"

	"github.com/sallyport-dev/sallyport/oauth"
)

// Challenged says that a call came without a token, and was told where to get
// one: how most attempts begin.
func (rec *Recorder) Challenged(r *http.Request, resource string) {
	if !rec.keeps() {
		return
	}
	a := Attempt{rec: rec, request: r, kind: Discovery, learned: Flow{Resource: resource}}
	a.Did(Discovery, Challenged)
}

// CallRefused says that a call was refused for its token: that of a grant, where
// the token is genuine, or of nobody.
func (rec *Recorder) CallRefused(r *http.Request, resource, grantID string, e *oauth.Error) {
	if !rec.keeps() {
		return
	}
	a := Attempt{rec: rec, request: r, kind: Call, learned: Flow{Resource: resource, GrantID: grantID}}
	a.Refused(e)
}
