package doctor

import (
	"crypto/x509"
	"fmt"
	"net/http"
	"time"

	"github.com/sallyport-dev/sallyport/internal/clientbook"
)

var (
	certificate = Kind{
		ID: "certificate", Severity: Fault, Step: StepReach, Title: "The certificate is not trusted",
		Rule: "RFC 9110 §4.3.4: if the certificate is not valid for the URI's origin, the client MUST either obtain confirmation from the user or terminate the connection.",
		Mend: "Install a certificate for this name from a public authority, together with its intermediate certificates (the “full chain”). openssl s_client -connect HOST:443 -servername HOST shows what is sent.",
	}
	certificateEnds = Kind{
		ID: "certificate-ends", Severity: Caution, Step: StepReach, Title: "The certificate is about to expire",
		Rule: "RFC 5280 §4.1.2.5: the validity period says until when the authority answers for the certificate.",
		Mend: "Renew it now, and find out why it was not renewed by itself.",
	}
	plainHTTP = Kind{
		ID: "plain-http", Severity: Fault, Step: StepReach, Breaks: string(clientbook.NeedPublicAddress), Title: "The address is http, not https",
		Rule: "MCP 2026-07-28, authorization security: all authorization server endpoints MUST be served over HTTPS; a bearer token must never travel in the clear (RFC 6750 §5.3).",
		Mend: "Serve it with https. Only on localhost is http allowed.",
	}
	plainHTTPHere = Kind{
		ID: "plain-http-here", Severity: Caution, Step: StepReach, Title: "The address is http on a network",
		Rule: "RFC 6750 §5.3: bearer tokens MUST always be exchanged over TLS.",
		Mend: "Serve it with https, or reach it through localhost.",
	}
	answersPlain = Kind{
		ID: "answers-plain", Severity: Caution, Step: StepReach, Breaks: nobody, Whom: "people who enter the address with http://", Title: "The server is there by http as well",
		Rule: "RFC 6750 §5.3: bearer tokens MUST always be exchanged over TLS. A client that is given the http address sends its token in the clear.",
		Mend: "Answer http with a redirect to https, or not at all, and send Strict-Transport-Security with https.",
	}
	tlsKinds = []Kind{certificate, certificateEnds, plainHTTP, plainHTTPHere, answersPlain}
)

// soon is how long before its end a certificate should have been renewed.
const soon = 10 * 24 * time.Hour

func checkTLS(o *observations) []Finding {
	x := o.calls.initialize
	if x == nil {
		return nil
	}
	if what := certificateError(x.err); x.err != nil && what != "" {
		return []Finding{certificate.found(visible(what, false)+".", x)}
	}
	if o.target.Scheme == "http" && x.err == nil {
		switch {
		case !o.private():
			return []Finding{plainHTTP.found("The address begins with http://.", x)}
		case !o.loopback():
			return []Finding{plainHTTPHere.found("The address begins with http:// and is not on this computer.", x)}
		}
		return nil
	}
	if x.tls == nil || len(x.tls.PeerCertificates) == 0 {
		return nil
	}
	var all []Finding
	if plain := o.calls.plain; plain != nil {
		_, asks := bearer(plain)
		if answers(plain) || asks && plain.status == http.StatusUnauthorized {
			all = append(all, answersPlain.found("At "+quote(plain.url)+" it is answered as at the https address.", plain))
		}
	}
	leaf := x.tls.PeerCertificates[0]
	if left := leaf.NotAfter.Sub(o.now); left < soon && left < validity(leaf)/3 {
		all = append(all, certificateEnds.found(fmt.Sprintf("It ends on %s, in %d days.", leaf.NotAfter.UTC().Format("2006-01-02 15:04 MST"), int(left.Hours()/24)), x))
	}
	return all
}

func validity(c *x509.Certificate) time.Duration { return c.NotAfter.Sub(c.NotBefore) }

// loopback reports whether the server is on this computer.
func (o *observations) loopback() bool {
	for _, a := range o.network.addresses {
		if a.Unmap().IsLoopback() {
			return true
		}
	}
	return false
}
