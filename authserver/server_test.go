package authserver_test

import (
	"net/http"
	"testing"

	"github.com/sallyport-dev/sallyport/authserver"
	"github.com/sallyport-dev/sallyport/oauth"
)

// One issuer, that can be said byte for byte everywhere: without a path, a slash at
// the end, or anything else after the host. RFC 8414 §2, RFC 9207 §2. Covers F2 I9.
func TestNewRefusesAnIssuerThatIsNoOrigin(t *testing.T) {
	resources := []oauth.ProtectedResource{{Name: "a", ID: "https://as.example/mcp"}}
	for _, issuer := range []string{
		"", "as.example", "//as.example", "https://", "https:as.example", "https://as.example/", "https://as.example/tenant",
		"https://as.example?x", "https://as.example#x", "https://ada@as.example", "ftp://as.example", "https://as.example:x", "https://AS.example",
		"https://as.example:443", "https://as.example ",
	} {
		if _, err := authserver.New(authserver.Config{Issuer: issuer, Resources: resources}); err == nil {
			t.Errorf("%q was taken", issuer)
		}
	}
	if _, err := authserver.New(authserver.Config{Issuer: "https://as.example"}); err == nil {
		t.Error("a server without a resource was made")
	}
}

// Routes take part in a mux of someone else's, with and without resources that share
// a path, or that live where the endpoints are.
func TestRoutesOfResourcesThatShareAPath(t *testing.T) {
	given := usual()
	given.resources[0].ID, given.resources[1].ID = "https://a.example/mcp", "https://b.example/mcp"
	s := newScene(t, given)
	s.auth.Routes(http.NewServeMux())
}
