package doctor

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
)

// A challenge is a WWW-Authenticate field. RFC 9110 §11.6.1.
type challenge struct {
	scheme     string
	parameters map[string]string // names in lower case
}

// challenges reads every challenge of an answer. One that is not well formed
// ends where it stops being so.
func challenges(h http.Header) []challenge {
	var all []challenge
	for _, field := range h.Values("WWW-Authenticate") {
		for rest := strings.TrimSpace(field); rest != ""; {
			var c challenge
			before := len(rest)
			c, rest = oneChallenge(rest)
			if c.scheme == "" || len(rest) >= before {
				break
			}
			all = append(all, c)
		}
	}
	return all
}

// oneChallenge reads scheme and parameters from the front of s.
func oneChallenge(s string) (challenge, string) {
	c := challenge{parameters: map[string]string{}}
	c.scheme, s = leadingToken(strings.TrimLeft(s, " \t,"))
	for {
		s = strings.TrimLeft(s, " \t,")
		name, rest := leadingToken(s)
		rest = strings.TrimLeft(rest, " \t")
		if name == "" || !strings.HasPrefix(rest, "=") {
			return c, s // the next scheme, or the end
		}
		var value string
		value, s = valueOf(strings.TrimLeft(rest[1:], " \t"))
		c.parameters[strings.ToLower(name)] = value
	}
}

func leadingToken(s string) (string, string) {
	end := strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", r))
	})
	if end < 0 {
		return s, ""
	}
	return s[:end], s[end:]
}

func valueOf(s string) (string, string) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, ", \t")
		if end < 0 {
			return s, ""
		}
		return s[:end], s[end:]
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == '"':
			return b.String(), s[i+1:]
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), ""
}

// bearer is the first challenge with the scheme Bearer, or DPoP.
func bearer(x *exchange) (challenge, bool) {
	if x == nil || x.err != nil {
		return challenge{}, false
	}
	for _, c := range challenges(x.answer) {
		if strings.EqualFold(c.scheme, "Bearer") || strings.EqualFold(c.scheme, "DPoP") {
			return c, true
		}
	}
	return challenge{}, false
}

// An rpcAnswer is a JSON-RPC response.
type rpcAnswer struct {
	Result map[string]any `json:"result"`
	Error  *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// rpc reads the JSON-RPC response in an answer, be it JSON or a stream of
// events.
func rpc(x *exchange) (rpcAnswer, bool) {
	var a rpcAnswer
	if x == nil || x.err != nil {
		return a, false
	}
	if x.mediaType() != "text/event-stream" {
		return a, json.Unmarshal(x.text, &a) == nil && (a.Result != nil || a.Error != nil)
	}
	for line := range bytes.Lines(x.text) {
		data, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte("data:"))
		if !ok {
			continue
		}
		a = rpcAnswer{}
		if json.Unmarshal(data, &a) == nil && (a.Result != nil || a.Error != nil) {
			return a, true
		}
	}
	return a, false
}
