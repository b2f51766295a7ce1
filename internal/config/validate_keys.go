package config

import (
	"encoding/json"
	"net/url"

	"github.com/sallyport-dev/sallyport/oauth"
)

// authenticates checks how a client proves who it is: by a secret, by keys, or not.
func (k *check) authenticates(key string, cl Client) {
	keyed := cl.Keys != "" || cl.KeysURI != ""
	first := key + ".jwks"
	if cl.Keys == "" && cl.KeysURI != "" {
		first = key + ".jwks_uri"
	}
	switch {
	case keyed && cl.Secret != "":
		k.say(first, "contradicts client_secret: a client proves itself by the one or by the other", "remove client_secret, which nobody has to know then")
		return
	case keyed && cl.AuthMethod != oauth.AuthPrivateKey:
		k.say(first, "has no effect with token_endpoint_auth_method: "+cl.AuthMethod, "set token_endpoint_auth_method: private_key_jwt, or remove it")
		return
	case cl.AuthMethod == oauth.AuthPrivateKey && !keyed:
		k.say(key+".jwks", "is missing, and with private_key_jwt it is required", "add the client's public keys as jwks, or where they are as jwks_uri")
		return
	case !keyed:
		k.clientSecret(key, cl)
		return
	case cl.Keys != "" && cl.KeysURI != "":
		// RFC 7591 §2: "The "jwks_uri" and "jwks" parameters MUST NOT both be present".
		k.say(key+".jwks_uri", "contradicts jwks", "keep one of them")
		return
	}
	if why := notKeys(cl.Keys); cl.Keys != "" && why != "" {
		k.say(key+".jwks", why, `write {"keys":[…]} with the public keys alone, such as jwks: '${file:/etc/sallyport/client.jwks}'`)
	}
	if cl.KeysURI != "" && !keysAt(cl.KeysURI) {
		k.say(key+".jwks_uri", "is "+k.quote(key+".jwks_uri", cl.KeysURI)+", which is not an absolute https URL", "write the URL of the client's key set; http is for this computer alone")
	}
}

// keysAt reports whether keys may be fetched there: whoever can change what comes can
// be the client.
func keysAt(where string) bool {
	u, err := url.Parse(where)
	return err == nil && u.Host != "" && u.User == nil && u.Fragment == "" &&
		(u.Scheme == "https" || u.Scheme == "http" && oauth.IsLoopbackHost(u.Hostname()))
}

// notKeys says why a text is no set of public keys; empty: it is one.
func notKeys(text string) string {
	var set struct {
		Keys []map[string]json.RawMessage `json:"keys"`
	}
	if json.Unmarshal([]byte(text), &set) != nil || len(set.Keys) == 0 {
		return "is no JWK set with a key in it (RFC 7517 §5)"
	}
	for _, one := range set.Keys {
		if one["d"] != nil || one["k"] != nil {
			return "holds a key that is not public"
		}
	}
	return ""
}
