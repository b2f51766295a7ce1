package gateway

import (
	"net/http"
	"strings"
)

// withheld are headers that never go upstream: credentials for us, what only
// concerns the connection or the browser, what claims to come from a proxy that
// was trusted, and what makes a framework see another method or path than we
// judged.
var withheld = map[string]bool{
	"Authorization": true, "Cookie": true, "Cookie2": true, "Dpop": true,
	"Connection": true, "Keep-Alive": true, "Te": true, "Trailer": true, "Transfer-Encoding": true, "Upgrade": true,
	"Expect": true, "Content-Length": true, "Http2-Settings": true,
	"Origin": true, "Referer": true,
	"Forwarded": true, "X-Real-Ip": true, "X-Client-Ip": true, "X-Cluster-Client-Ip": true, "True-Client-Ip": true,
	"Cf-Connecting-Ip": true, "Fastly-Client-Ip": true, "X-Envoy-External-Address": true,
	"X-Http-Method": true, "X-Http-Method-Override": true, "X-Method-Override": true,
	"X-Original-Url": true, "X-Original-Uri": true, "X-Original-Method": true, "X-Original-Host": true,
	"X-Rewrite-Url": true, "X-Host": true,
	"Remote-User": true, "X-User": true, "X-Userinfo": true, "X-Anonymous-Consumer": true,
}

// withheldPrefixes are families of such headers. The last ones are how other
// proxies tell an upstream who is calling: whoever moves a server from one of
// them to here must not find that clients can now say so themselves.
var withheldPrefixes = []string{
	"X-Sallyport-", "X-Forwarded-", "Proxy-", "Sec-", "Access-Control-",
	"X-Remote-", "X-Auth-", "X-Authenticated-", "X-Webauth-", "X-Goog-Authenticated-", "X-Goog-Iap-", "X-Amzn-Oidc-",
	"X-Ms-Client-Principal", "X-Ms-Token-", "Cf-Access-", "X-Ssl-", "Ssl-", "X-Client-Cert", "X-Pomerium-", "X-Authentik-",
	"X-Consumer-", "X-Credential-", "X-Vouch-", "Tailscale-", "X-Apigateway-Api-", "X-Endpoint-Api-",
}

// strip takes out of a request's headers, which are canonical, what does not go
// upstream.
func strip(h http.Header) {
	for _, named := range h["Connection"] {
		// RFC 9110 §7.6.1: intermediaries MUST remove the fields that Connection
		// names. What is attached is attached afterwards.
		for name := range strings.SplitSeq(named, ",") {
			h.Del(strings.TrimSpace(name))
		}
	}
	for name := range h {
		if withheld[name] || !plainName(name) || hasAnyPrefix(name, withheldPrefixes) {
			delete(h, name)
		}
	}
}

// plainName reports whether a header has a name of letters, digits and hyphens.
// CGI and what descends from it turn hyphens into underscores, so that for some
// upstreams X_Sallyport_Subject is X-Sallyport-Subject.
//
// MCP 2026-07-28, Streamable HTTP: an intermediary that does not know an
// Mcp-Param header "MUST forward it and otherwise ignore it"; their names are
// any token.
func plainName(name string) bool {
	if strings.HasPrefix(name, "Mcp-Param-") {
		return true
	}
	for i := range len(name) {
		switch b := name[i]; {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9', b == '-':
		default:
			return false
		}
	}
	return true
}

func hasAnyPrefix(name string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

// withheldAnswers are headers of an upstream's answer that speak for the whole
// origin, which is ours, or that would look like our own words.
var withheldAnswers = map[string]bool{
	"Set-Cookie": true, "Set-Cookie2": true, "Clear-Site-Data": true, "Service-Worker-Allowed": true,
	"Content-Security-Policy": true, "Content-Security-Policy-Report-Only": true,
	"Strict-Transport-Security": true, "Public-Key-Pins": true, "Alt-Svc": true, "Origin-Agent-Cluster": true,
	"Nel": true, "Report-To": true, "Reporting-Endpoints": true, "Expect-Ct": true,
	"Www-Authenticate": true, "Authentication-Info": true, "Dpop-Nonce": true,
	"Location": true, "Content-Location": true, "Refresh": true, "Link": true,
	"Connection": true, "Keep-Alive": true, "Te": true, "Trailer": true, "Transfer-Encoding": true, "Upgrade": true,
	"Server": true, "X-Powered-By": true, "X-Aspnet-Version": true,
	"Mcp-Session-Id": true, // comes back bound to the person
}

var withheldAnswerPrefixes = []string{"Access-Control-", "Proxy-", "X-Sallyport-", "Trailer:"}

// copyAnswer copies to the client what of an upstream's headers may go there.
func copyAnswer(to, from http.Header) {
	for name, values := range from {
		if !withheldAnswers[name] && !hasAnyPrefix(name, withheldAnswerPrefixes) {
			to[name] = values
		}
	}
}
