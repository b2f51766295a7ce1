package doctor

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

const (
	removed   = "[removed]"
	shownBody = 1200 // how much of a body a reader is shown, in bytes
	shownText = 600  // and of a header field
	// maxRedacted is how much of a text is looked through for secrets; the rest
	// is not shown to anyone.
	maxRedacted = 32 << 10
)

// secretNames are members of JSON, parameters of forms and queries whose values
// nobody is shown. state and nonce are not secret once used, but look so much
// like it that a reader would worry.
const secretNames = `access_token|refresh_token|id_token|client_secret|registration_access_token|code_verifier|client_assertion|device_code|password|passwd|token|secret|api[_-]?key|csrf[_a-z]*|session[_a-z]*`

var (
	inJSON = regexp.MustCompile(`(?i)("(?:` + secretNames + `)"\s*:\s*)"(?:[^"\\]|\\.)*"?`)
	inForm = regexp.MustCompile(`(?i)((?:^|[?&;\s"'])(?:code|key|auth|sig|signature|ticket|` + secretNames + `)=)[^&\s"'<>]+`)
	inURL  = regexp.MustCompile(`(?i)\b(https?://)[^/?#\s"'<>@]+@`)
	inHTML = regexp.MustCompile(`(?i)(<input[^>]*\bvalue=)("[^"]*"|'[^']*'|[^\s>]+)`)
	jwt    = regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*`)
	scheme = regexp.MustCompile(`(?i)\b((?:Bearer|Basic|DPoP)\s+)([A-Za-z0-9._~+/=-]{12,})("?)`)
	prefix = regexp.MustCompile(`\b(?:sp_(?:c|rt|at|cs|s)_|gh[pousr]_|sk-|xox[abp]-)[A-Za-z0-9_-]{6,}`)
)

// redact takes secrets out of a text: what names itself one, what looks like
// one, and the values that are known.
func redact(s string, known []string) string {
	s = beginning(s)
	for _, k := range known {
		if len(k) >= 6 {
			s = strings.ReplaceAll(s, k, removed)
			s = strings.ReplaceAll(s, url.QueryEscape(k), removed)
		}
	}
	s = inJSON.ReplaceAllString(s, `${1}"`+removed+`"`)
	s = inForm.ReplaceAllString(s, "${1}"+removed)
	s = inURL.ReplaceAllString(s, "${1}"+removed+"@")
	s = inHTML.ReplaceAllString(s, `${1}"`+removed+`"`)
	s = jwt.ReplaceAllString(s, removed)
	s = scheme.ReplaceAllStringFunc(s, func(found string) string {
		if strings.HasSuffix(found, `="`) {
			return found // the first parameter of a challenge
		}
		return scheme.ReplaceAllString(found, "${1}"+removed+"${3}")
	})
	return prefix.ReplaceAllString(s, removed)
}

// beginning is as much of a text as is worth reading, and ends before a word that
// it would cut: half a secret is not known for one.
func beginning(s string) string {
	if len(s) <= maxRedacted {
		return s
	}
	s = s[:maxRedacted]
	return s[:strings.LastIndexAny(s, " \n\t,;&\"'<>")+1]
}

// visible leaves nothing in a text that a terminal would obey, nor what would
// make it read as something else. Line breaks are kept where lines is true.
func visible(s string, lines bool) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' && lines, unicode.IsPrint(r):
			return r
		case r == '\t', r == '\n':
			return ' '
		case r == '\r':
			return -1
		}
		return '\uFFFD'
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// shorten cuts a text, and says so.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n] + fmt.Sprintf(" … (%d bytes more)", len(s)-n)
}

// quote is a word of the server in a sentence of ours.
func quote(s string) string {
	if s == "" {
		return "nothing"
	}
	return "“" + visible(shorten(redact(s, nil), 200), false) + "”"
}

// shownHeaders are the fields of an answer that have to do with anything here.
var shownHeaders = []string{
	"Content-Type", "Location", "WWW-Authenticate", "Cache-Control", "Retry-After", "Server", "Allow", "Mcp-Session-Id", "Cf-Mitigated",
	"Access-Control-Allow-Origin", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers", "Access-Control-Expose-Headers",
	"Content-Security-Policy", "Set-Cookie",
}

// shown is an exchange as people may see it, with or without its bodies.
func (x *exchange) shown(known []string, bodies bool) Exchange {
	clean := func(s string, n int, lines bool) string { return visible(shorten(redact(s, known), n), lines) }
	e := Exchange{
		Purpose: clean(x.purpose, shownText, false), Method: x.method, URL: clean(x.url, 2*shownText, false),
		Status: x.status, Milliseconds: x.took.Milliseconds(),
	}
	if bodies {
		e.Body = clean(x.body, shownBody, true)
	}
	for name, value := range x.header {
		if strings.EqualFold(name, "Authorization") {
			value, _, _ = strings.Cut(value, " ")
			value += " " + removed
		}
		e.Sent = append(e.Sent, http.CanonicalHeaderKey(name)+": "+clean(value, shownText, false))
	}
	slices.Sort(e.Sent)
	if x.err != nil {
		e.Problem, e.Status = clean(plainError(x.err), shownText, false), 0
		return e
	}
	for _, name := range shownHeaders {
		for _, value := range x.answer.Values(name) {
			if name == "Set-Cookie" {
				value, _, _ = strings.Cut(value, "=")
				value += "=" + removed
			}
			if name == "Mcp-Session-Id" {
				value = removed
			}
			e.Received = append(e.Received, name+": "+clean(value, shownText, false))
		}
	}
	if bodies {
		e.Answer = clean(string(x.text), shownBody, true)
	}
	for _, hop := range x.hops {
		e.Redirects = append(e.Redirects, clean(hop, shownText, false))
	}
	return e
}
