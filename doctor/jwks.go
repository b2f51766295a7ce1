package doctor

import (
	"encoding/base64"
	"fmt"
	"net/http"
)

var (
	keysMissing = Kind{
		ID: "keys-missing", Severity: Caution, Step: StepServer, Breaks: nobody, Whom: "whoever checks its tokens", Title: "The key set cannot be read",
		Rule: "RFC 8414 §2 (jwks_uri) and RFC 7517 §5: a JSON object with a list of keys.",
		Mend: "Serve the public keys at jwks_uri, or leave jwks_uri out where no token is a JWT.",
	}
	keysPrivate = Kind{
		ID: "keys-private", Severity: Danger, Step: StepServer, Title: "The key set gives away a private or secret key",
		Rule: "RFC 7517 §9.2: private and symmetric keys MUST be protected from disclosure. Whoever reads this makes tokens of their own.",
		Mend: "Take the keys out of use at once, publish public members only (no d, p, q, k), and make new keys.",
	}
	keysWeak = Kind{
		ID: "keys-weak", Severity: Caution, Step: StepServer, Breaks: nobody, Whom: "whoever checks its tokens", Title: "A key is weak, or cannot be told from the others",
		Rule: "RFC 7518 §3.3: a key of size 2048 bits or larger MUST be used; RFC 7517 §4.5: kid is how a key is found among several.",
		Mend: "Use RSA of 2048 bits or more, or P-256; give each key a kid.",
	}
	keyKinds = []Kind{keysMissing, keysPrivate, keysWeak}
)

func checkKeys(o *observations) []Finding {
	x := o.keys
	if x == nil {
		return nil
	}
	set := newPlace("", x)
	keys, ok := set.members["keys"].([]any)
	if x.err != nil || x.status != http.StatusOK || !ok || len(keys) == 0 {
		return []Finding{keysMissing.found("At "+quote(x.url)+": "+stateOfKeys(x, set, keys)+".", x)}
	}
	var all []Finding
	for i, raw := range keys {
		key, _ := raw.(map[string]any)
		for _, name := range []string{"d", "p", "q", "dp", "dq", "qi", "k"} {
			if key[name] != nil {
				return []Finding{keysPrivate.found(fmt.Sprintf("The key with the number %d in the list has the member %s.", i+1, name))}
			}
		}
		kid, _ := key["kid"].(string)
		n, _ := key["n"].(string)
		modulus, _ := base64.RawURLEncoding.DecodeString(n)
		switch {
		case kid == "" && len(keys) > 1:
			all = append(all, keysWeak.found(fmt.Sprintf("The key with the number %d of %d has no kid.", i+1, len(keys)), x))
		case key["kty"] == "RSA" && len(modulus) < 256:
			all = append(all, keysWeak.found(fmt.Sprintf("The RSA key %s has %d bits.", quote(kid), len(modulus)*8), x))
		}
	}
	return all
}

func stateOfKeys(x *exchange, set place, keys []any) string {
	if set.found() && len(keys) == 0 {
		return "there are no keys in it"
	}
	return state(x)
}
