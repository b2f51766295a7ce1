package doctor

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/clientbook"
)

var (
	registrationRefused = Kind{
		ID: "registration-refused", Severity: Fault, Step: StepRegister, Breaks: "way:" + string(StepRegister), Title: "A client cannot register",
		Rule: "RFC 7591 §3: open registration without a token is what MCP clients do; §3.2.1: 201 and JSON with a client_id.",
		Mend: "Let anyone register a public client with a loopback or https redirect URI, or remove registration_endpoint and support metadata documents.",
	}
	registrationRefusedFor = Kind{
		ID: "client-refused", Severity: Fault, Step: StepRegister, Title: "The registration of a client is refused",
		Rule: "RFC 7591 §2: the server MUST ignore metadata that it does not understand, and MAY replace values; RFC 8252 §7.1 and §7.3: private-use schemes and loopback addresses are redirect URIs of native clients.",
		Mend: "Take the redirect URIs and methods of the request that is shown; drop what you cannot use instead of refusing all of it.",
	}
	redirectsDropped = Kind{
		ID: "redirects-dropped", Severity: Caution, Step: StepRegister, Title: "The registration leaves out redirect URIs",
		Rule: "RFC 7591 §3.2.1: the answer has all registered metadata; a redirect URI that is not in it cannot be used.",
		Mend: "Register every redirect URI of the request, those with a private-use scheme such as cursor:// too.",
	}
	secretMissing = Kind{
		ID: "secret-missing", Severity: Fault, Step: StepRegister, Breaks: string(clientbook.NeedSecret), Title: "A client that asks for a secret gets none",
		Rule: "RFC 7591 §3.2.1: client_secret; §2: token_endpoint_auth_method says whether the client has one.",
		Mend: "Issue a client_secret when token_endpoint_auth_method is client_secret_basic or client_secret_post, or is left out.",
	}
	registrationNulls = Kind{
		ID: "registration-nulls", Severity: Fault, Step: StepRegister, Breaks: string(clientbook.NeedNoNulls), Title: "The answer to a registration has members that are null or empty",
		Rule: "RFC 7591 §3.2.1; RFC 7591 §2: the members are strings and lists; null is neither.",
		Mend: "Leave out what has no value.",
	}
	registrationIncomplete = Kind{
		ID: "registration-incomplete", Severity: Fault, Step: StepRegister, Breaks: string(clientbook.NeedRegistration), Title: "The answer to a registration has no redirect_uris",
		Rule: "RFC 7591 §3.2.1: the server MUST return all registered metadata about the client.",
		Mend: "Return redirect_uris as a list, and grant_types, response_types and token_endpoint_auth_method; clients of the official TypeScript SDK refuse an answer without redirect_uris.",
	}
	registrationStatus = Kind{
		ID: "registration-status", Severity: Note, Step: StepRegister, Title: "A registration is answered 200, not 201",
		Rule: "RFC 7591 §3.2.1: the server responds with 201 Created.",
		Mend: "Answer 201.",
	}
	registrationStays = Kind{
		ID: "registration-stays", Severity: Note, Step: StepRegister, Title: "What the doctor registered stays behind",
		Rule: "RFC 7592 §2.3: a registration is removed with DELETE at its registration_client_uri. Few servers offer it, and no client needs it.",
		Mend: "Remove by hand what is named “Sallyport doctor”, or as the clients name themselves, where it is in the way; or look with --no-register.",
	}
	registrationKinds = []Kind{
		registrationRefused, registrationRefusedFor, redirectsDropped, secretMissing, registrationNulls, registrationIncomplete, registrationStatus, registrationStays,
	}
)

func checkRegistration(o *observations) []Finding {
	own := o.ownRegistration()
	switch {
	case own == nil, own.limited():
		return nil // checkAgents notes that the doctor was slowed down
	case !own.good():
		return []Finding{registrationRefused.found(stateOfRegistration(own)+".", own.exchange)}
	}
	var all []Finding
	if empty := empties(own.got); len(empty) > 0 {
		all = append(all, registrationNulls.found("Null or empty: "+visible(strings.Join(empty, ", "), false)+".", own.exchange))
	}
	if len(texts(own.got["redirect_uris"])) == 0 {
		all = append(all, registrationIncomplete.found("redirect_uris is not there.", own.exchange))
	}
	if own.status == http.StatusOK {
		all = append(all, registrationStatus.found("It is answered 200.", own.exchange))
	}
	if left := o.leftBehind(); len(left) > 0 {
		all = append(all, registrationStays.found(fmt.Sprintf("Registrations that were not removed: %d of %d.", len(left), len(o.registrations)), left...))
	}
	for i := range o.registrations[1:] {
		all = append(all, checkClientRegistration(&o.registrations[1+i])...)
	}
	return all
}

// checkClientRegistration is for the registration that one client makes.
func checkClientRegistration(r *registration) []Finding {
	if r.limited() {
		return nil
	}
	if !r.good() {
		return []Finding{registrationRefusedFor.forOnly(r.clients, stateOfRegistration(r)+".", r.exchange)}
	}
	var all []Finding
	if s, _ := r.got["client_secret"].(string); s == "" && r.secret {
		all = append(all, secretMissing.forOnly(r.clients, "client_secret is not there.", r.exchange))
	}
	var dropped []string
	got := texts(r.got["redirect_uris"])
	for _, uri := range texts(r.asked["redirect_uris"]) {
		if !slices.Contains(got, uri) {
			dropped = append(dropped, uri)
		}
	}
	if len(dropped) > 0 && len(got) > 0 {
		all = append(all, redirectsDropped.forOnly(r.clients, "Asked for, and not in the answer: "+quote(strings.Join(dropped, " "))+".", r.exchange))
	}
	return all
}

func stateOfRegistration(r *registration) string {
	switch {
	case r.err != nil:
		return "There is no answer: " + visible(plainError(r.err), false)
	case r.got == nil:
		return fmt.Sprintf("It is answered %d with %s that is no JSON object", r.status, quote(r.mediaType()))
	case r.status >= 400:
		code, _ := r.got["error"].(string)
		why, _ := r.got["error_description"].(string)
		return fmt.Sprintf("It is answered %d: %s", r.status, quote(strings.TrimSpace(code+" "+why)))
	}
	return fmt.Sprintf("It is answered %d without a client_id", r.status)
}

// empties are the members that are null, or a text or list with nothing in it.
func empties(got map[string]any) []string {
	var all []string
	for name, value := range got {
		switch v := value.(type) {
		case nil:
			all = append(all, name)
		case string:
			if v == "" && name != "scope" {
				all = append(all, name)
			}
		}
	}
	slices.Sort(all)
	return all
}
