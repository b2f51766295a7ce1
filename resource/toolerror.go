package resource

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/sallyport-dev/sallyport/oauth"
)

// RefuseCall refuses a request that was let through, like [Guard.Refuse], in the
// way that makes its client bring the person. ChatGPT shows them its button to
// connect for a tool's result that holds the challenge; every other client, and
// every other request, gets the challenge in the header, which ChatGPT answers with
// a refresh first.
//
// chatGPT says that the client is ChatGPT.
func (g *Guard) RefuseCall(w http.ResponseWriter, r *http.Request, chatGPT bool, err error) {
	ch := g.challengeFor(err)
	id := callOf(r)
	if !chatGPT || id == nil || ch.refusal.Code != oauth.InvalidToken {
		g.refuse(w, err)
		return
	}
	type text struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
	type result struct {
		Content []text              `json:"content"`
		IsError bool                `json:"isError"`
		Meta    map[string][]string `json:"_meta"`
	}
	body, err := json.Marshal(struct {
		JSONRPC string          `json:"jsonrpc"`
		ID      json.RawMessage `json:"id"`
		Result  result          `json:"result"`
	}{"2.0", id, result{[]text{{"text", ch.refusal.Description}}, true, map[string][]string{"mcp/www_authenticate": {g.challengeHeader(ch)}}}})
	if err != nil {
		g.refuse(w, err)
		return
	}
	write(w, http.StatusOK, body)
}

// callOf returns the id of the one tool's call that a request is; nil when it is
// anything else. Its body has been judged, and can be read again.
func callOf(r *http.Request) []byte {
	if r.Method != http.MethodPost || r.GetBody == nil {
		return nil
	}
	again, err := r.GetBody()
	if err != nil {
		return nil
	}
	defer again.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(again); err != nil {
		return nil
	}
	env, err := readEnvelope(body.Bytes())
	if err != nil || env.batch || env.messages[0].method != "tools/call" || len(env.messages[0].id) > maxEchoedID {
		return nil
	}
	return env.messages[0].id
}
