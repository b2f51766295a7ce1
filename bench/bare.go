package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// bare serves the least that could be done, in a process of its own: it prints
// its address and serves until it is killed.
//
//	ES256, RS256   reads a form and answers one signature
//	document       answers a constant document
//	upstream       answers a tool call, as an MCP server would
//	proxy=URL      is a bare httputil.ReverseProxy
func bare(what string) error {
	h, err := bareHandler(what)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	return http.Serve(l, h)
}

func bareHandler(what string) (http.Handler, error) {
	if target, ok := strings.CutPrefix(what, "proxy="); ok {
		u, err := url.Parse(target)
		if err != nil {
			return nil, err
		}
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConnsPerHost = 256
		return &httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(u) }}, nil
	}
	switch what {
	case "ES256", "RS256":
		return signing(what)
	case "document":
		return answering("application/json", strings.Repeat(`{"issuer":"http://localhost:8080"}`, 40)), nil
	case "upstream":
		return answering("application/json", toolAnswer), nil
	}
	return nil, fmt.Errorf("bare %s: there is no such thing", what)
}

const toolCall = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":"hello"}}}`
const toolAnswer = `{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"hello"}],"isError":false}}`

func answering(contentType, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // so that the connection can be used again
		w.Header().Set("Content-Type", contentType)
		_, _ = io.WriteString(w, body) // the load generator went away
	})
}

// signing is a token endpoint that knows nothing: a form, a signature, JSON.
func signing(algorithm string) (http.Handler, error) {
	var key any
	var err error
	if algorithm == "RS256" {
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	} else {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		return nil, err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(algorithm), Key: key}, nil)
	if err != nil {
		return nil, err
	}
	claims := []byte(`{"iss":"http://localhost:8080","sub":"sp_u_0123456789abcdefghijkl","aud":"http://localhost:8080/mcp",` +
		`"exp":1800000000,"iat":1799996400,"jti":"0123456789abcdefghijkl","client_id":"sp_cl_0123456789abcdefghijkl","scope":"demo:read"}`)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			http.Error(w, "", http.StatusBadRequest)
			return
		}
		signed, err := signer.Sign(claims)
		if err != nil {
			http.Error(w, "", http.StatusInternalServerError)
			return
		}
		text, err := signed.CompactSerialize()
		if err != nil {
			http.Error(w, "", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token":%q,"token_type":"Bearer","expires_in":3600}`, text)
	}), nil
}

func self() string {
	path, err := os.Executable()
	if err != nil {
		panic(err) // the kernel does not know what it runs
	}
	return path
}
