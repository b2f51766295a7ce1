package doctor

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/clientbook"
)

var (
	pageAtWellKnown = Kind{
		ID: "page-for-a-document", Severity: Fault, Step: StepResource, Breaks: string(clientbook.NeedJSON404), Title: "A page is served where a document or a 404 is due",
		Rule: "RFC 8615 §3: a well-known address is for what is registered under it; RFC 8414 §3.2 and RFC 9728 §3.2: what is not there is answered 404.",
		Mend: "Answer everything below /.well-known/ that is not there with 404 and JSON. A single-page application's catch-all route is the usual cause.",
	}
	plain404 = Kind{
		ID: "plain-404", Severity: Note, Step: StepResource, Title: "A 404 below /.well-known/ is not JSON",
		Rule: "RFC 9110 §15.5.5 leaves the body free. Some clients were seen to read it as JSON all the same.",
		Mend: "Answer with Content-Type: application/json and a small object; it costs nothing.",
	}
	not404 = Kind{
		ID: "not-a-404", Severity: Caution, Step: StepResource, Breaks: string(clientbook.NeedJSON404), Title: "A missing document is not answered 404",
		Rule: "RFC 9110 §15.5.5: what is not found is answered 404. At any other status some clients stop looking.",
		Mend: "Answer with status 404, Content-Type: application/json and a small object.",
	}
	placesMissing = Kind{
		ID: "places-missing", Severity: Note, Step: StepResource, Title: "There is nothing at some places where clients look",
		Rule: "RFC 9728 §3.1, RFC 8414 §3.1 and OpenID Connect Discovery 1.0 §4.1; MCP 2026-07-28, authorization server discovery. One place is enough for a client that follows the specification; some look at one only.",
		Mend: "Serve the same documents there as well; it costs nothing.",
	}
	placeKinds = []Kind{pageAtWellKnown, not404, plain404, placesMissing}
)

func checkPlaces(o *observations) []Finding {
	if !o.reached() || !o.protected() {
		return nil
	}
	var all []Finding
	var pages, odd, plain []*exchange
	var missing []string
	look := func(x *exchange) {
		switch {
		case x == nil || x.err != nil:
		case x.status == http.StatusOK && !x.isJSON() && strings.HasPrefix(x.mediaType(), "text/html"):
			pages = append(pages, x)
		case x.status == http.StatusNotFound && !x.isJSON():
			plain = append(plain, x)
		case x.status != http.StatusOK && x.status != http.StatusTooManyRequests && x.status != http.StatusNotFound:
			odd = append(odd, x)
		}
	}
	for _, places := range [][]place{o.resource, o.server} {
		for i := range places {
			look(places[i].exchange)
			if !places[i].found() && places[i].where != clientbook.Challenge {
				missing = append(missing, strings.TrimPrefix(places[i].url, o.origin()))
			}
		}
	}
	look(o.calls.missing)
	if len(pages) > 0 {
		all = append(all, pageAtWellKnown.found(fmt.Sprintf("%s is answered 200 with %s.", quote(pages[0].url), quote(pages[0].mediaType())), pages...))
	}
	if len(odd) > 0 {
		all = append(all, not404.found(fmt.Sprintf("%s is answered %d with %s.", quote(odd[0].url), odd[0].status, quote(odd[0].mediaType())), odd[0]))
	}
	if len(plain) > 0 {
		all = append(all, plain404.found(fmt.Sprintf("%s is answered 404 with %s.", quote(plain[0].url), quote(plain[0].mediaType())), plain[0]))
	}
	if len(missing) > 0 && o.prm != nil && o.as != nil {
		all = append(all, placesMissing.found("Nothing is at "+visible(strings.Join(missing, ", "), false)+"."))
	}
	return all
}
