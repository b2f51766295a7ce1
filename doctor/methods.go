package doctor

import (
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/clientbook"
)

var (
	noneNotListed = Kind{
		ID: "none-not-listed", Severity: Caution, Step: StepRegister, Breaks: string(clientbook.NeedNone), Title: "Clients without a secret are not listed",
		Rule: "RFC 8414 §2: token_endpoint_auth_methods_supported; where it is left out it means client_secret_basic alone. Public clients authenticate with none (RFC 7591 §2).",
		Mend: "Add none to token_endpoint_auth_methods_supported. Claude uses its metadata document only where it is listed.",
	}
	documentsNotOffered = Kind{
		ID: "documents-not-offered", Severity: Note, Step: StepRegister, Title: "Client ID metadata documents are not supported",
		Rule: "MCP 2026-07-28, authorization: authorization servers SHOULD support them; dynamic registration is deprecated, and may go after 2027-07-28.",
		Mend: "Support draft-ietf-oauth-client-id-metadata-document and set client_id_metadata_document_supported: true.",
	}
	nothingToRegister = Kind{
		ID: "no-registration", Severity: Fault, Step: StepRegister, Breaks: "way:" + string(StepRegister), Title: "A client has no way to become known",
		Rule: "MCP 2026-07-28, client registration: pre-registered, or by metadata document, or by dynamic registration (RFC 7591).",
		Mend: "Support metadata documents (client_id_metadata_document_supported) or dynamic registration (registration_endpoint); else each person has to be given a client_id, and many clients have no field for it.",
	}
	methodKinds = []Kind{noneNotListed, documentsNotOffered, nothingToRegister}
)

func checkMethods(o *observations) []Finding {
	if o.as == nil {
		return nil
	}
	var all []Finding
	if methods, has := o.as.list("token_endpoint_auth_methods_supported"); !slices.Contains(methods, "none") {
		what := "token_endpoint_auth_methods_supported is " + quote(strings.Join(methods, " ")) + "."
		if !has {
			what = "token_endpoint_auth_methods_supported is not there."
		}
		all = append(all, noneNotListed.found(what, o.as.exchange))
	}
	documents := o.as.yes("client_id_metadata_document_supported")
	endpoint := o.as.str("registration_endpoint")
	switch {
	case !documents && endpoint == "":
		all = append(all, nothingToRegister.found("The metadata has neither client_id_metadata_document_supported nor registration_endpoint.", o.as.exchange))
	case !documents:
		all = append(all, documentsNotOffered.found("client_id_metadata_document_supported is not true; clients register instead.", o.as.exchange))
	case endpoint == "":
		all = append(all, nothingToRegister.found("There is no registration_endpoint; only clients with a metadata document get in.", o.as.exchange))
	}
	return all
}
