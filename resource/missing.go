package resource

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/sallyport-dev/sallyport/oauth"
)

// RefuseCall refuses a request that was let through, and whose context is that of
// [Guard.Wrap], in the way that makes its client bring the person. Who has to
// connect a service ([Unconnected]) is asked to by the client, where it can do that
// (MCP elicitation, in URL mode), or finds a link in the tool's result. ChatGPT shows
// its button to connect for a tool's result that holds the challenge. Every other
// refusal, and every other request, is answered like [Guard.Refuse] does.
func (g *Guard) RefuseCall(w http.ResponseWriter, r *http.Request, err error) {
	v := visitOf(r.Context())
	if v == nil {
		g.refuse(w, err)
		return
	}
	body := g.answerFor(v, err)
	if body == nil {
		g.refuse(w, err)
		return
	}
	write(w, http.StatusOK, body)
}

// codeElicitation is URLElicitationRequiredError of MCP 2025-11-25; codeRefused is
// for the methods whose results cannot say that they failed.
const (
	codeElicitation = -32042
	codeRefused     = -32000
)

// MetaConnect is where the result of a tool that failed for want of a connection has
// the page, for what has no eyes for its text: a widget makes it a button. Its value is
// an array with one URL.
const MetaConnect = "sallyport/connect"

// connectKey is the name of the one thing that a person is asked for.
const connectKey = "connect"

type (
	textContent struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
	toolResult struct {
		Content    []textContent       `json:"content"`
		IsError    bool                `json:"isError"`
		ResultType string              `json:"resultType,omitempty"`
		Meta       map[string][]string `json:"_meta,omitempty"`
	}
	elicitation struct {
		Mode    string `json:"mode"`
		ID      string `json:"elicitationId,omitempty"`
		URL     string `json:"url"`
		Message string `json:"message"`
	}
	inputRequest struct {
		Method string      `json:"method"`
		Params elicitation `json:"params"`
	}
	inputRequired struct {
		ResultType string                  `json:"resultType"`
		Requests   map[string]inputRequest `json:"inputRequests"`
	}
	rpcFault struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
		Data    any    `json:"data,omitempty"`
	}
)

// answerFor is the JSON-RPC answer to a refused call; nil where the refusal has to
// be one of HTTP.
func (g *Guard) answerFor(v *visit, err error) []byte {
	a := v.asked()
	if !asks(a.method) {
		return nil
	}
	var missing *Unconnected
	known := errors.As(err, &missing) && missing.Page != ""
	ch := g.challengeFor(err)
	switch {
	case a.method == "tools/call" && isChatGPT(v.caller) && ch.refusal.Code == oauth.InvalidToken:
		return a.answer(toolResult{Content: texts(ch.refusal.Description), IsError: true,
			Meta: map[string][]string{"mcp/www_authenticate": {g.challengeHeader(ch)}}})
	case !known:
		return nil
	case a.action == "decline", a.action == "cancel":
		return a.failed("Nothing was done: " + g.acts(missing) + ", and the person did not want to connect it now.")
	case a.action == "" && v.canElicit():
		return g.elicit(v, missing)
	case a.method == "tools/call":
		return a.answer(toolResult{Content: texts(g.linkText(missing)), IsError: true, Meta: map[string][]string{MetaConnect: {missing.Page}}})
	case a.action != "":
		return a.failed(g.linkText(missing))
	}
	return nil
}

// elicit has the client ask its person to open the page.
func (g *Guard) elicit(v *visit, missing *Unconnected) []byte {
	a := v.asked()
	e := elicitation{Mode: "url", URL: missing.Page,
		Message: g.acts(missing) + ". Connect " + missing.Title + " on this page; then it can go on."}
	if a.modern {
		return a.answer(inputRequired{"input_required", map[string]inputRequest{connectKey: {"elicitation/create", e}}})
	}
	e.ID = ElicitationID(missing.Page)
	g.awaits(v, e.ID, missing)
	return a.fault(rpcFault{codeElicitation, "The person has to connect " + missing.Title + " first.",
		map[string][]elicitation{"elicitations": {e}}})
}

// ElicitationID is the name under which a client is asked to open a page, and under
// which it is told, by a session of MCP 2025-11-25, that its person is done there.
// It says nothing of the page.
func ElicitationID(page string) string { return oauth.Secret(page).Digest().String() }

// acts says what the service is for.
func (g *Guard) acts(missing *Unconnected) string {
	name := g.resource.Title
	if name == "" {
		name = g.resource.Name
	}
	return name + " acts at " + missing.Title + " as the person who calls"
}

// linkText is for a person who reads the results of tools, and for the model that
// reads them to the person.
func (g *Guard) linkText(missing *Unconnected) string {
	if missing.Page == "" {
		return g.acts(missing) + ", who has to connect it first."
	}
	return g.acts(missing) + ", and " + missing.Title + " is not connected. Open this page, connect " + missing.Title +
		" there, and then try again: " + missing.Page
}

func texts(text string) []textContent { return []textContent{{"text", text}} }

// failed is the answer of a call that did nothing, with a text for people.
func (a ask) failed(text string) []byte {
	if a.method != "tools/call" {
		return a.fault(rpcFault{Code: codeRefused, Message: text})
	}
	return a.answer(toolResult{Content: texts(text), IsError: true})
}

func (a ask) answer(result any) []byte {
	if t, ok := result.(toolResult); ok && a.modern {
		t.ResultType = "complete"
		result = t
	}
	return marshal(struct {
		JSONRPC string          `json:"jsonrpc"`
		ID      json.RawMessage `json:"id"`
		Result  any             `json:"result"`
	}{"2.0", a.id, result})
}

func (a ask) fault(f rpcFault) []byte {
	return marshal(struct {
		JSONRPC string          `json:"jsonrpc"`
		ID      json.RawMessage `json:"id"`
		Error   rpcFault        `json:"error"`
	}{"2.0", a.id, f})
}

// marshal cannot fail: what it is given are strings, and an id that was read as
// JSON before. Were it to, the caller answers with the refusal.
func marshal(answer any) []byte {
	body, err := json.Marshal(answer)
	if err != nil {
		return nil
	}
	return body
}

// isChatGPT reports whether a client's metadata document is ChatGPT's own, which is
// how it makes itself known. Where it registered instead it is any client. Codex has
// its documents beside them, and no such button.
func isChatGPT(c *Caller) bool {
	document, its := strings.CutPrefix(c.ClientID, "https://chatgpt.com/oauth/")
	return its && !strings.HasPrefix(document, "codex/")
}
