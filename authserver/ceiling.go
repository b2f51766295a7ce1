package authserver

import "github.com/sallyport-dev/sallyport/oauth"

// beneathCeiling is what of scope a client may have at a resource. The scope
// with which an administrator registered it is a ceiling, with what that
// implies; what a client wrote into its own registration is none, because
// clients register less than they ask for later. RFC 7591 §2.
func beneathCeiling(c oauth.Client, r oauth.ProtectedResource, scope oauth.Scope) oauth.Scope {
	if c.Source != oauth.FromSettings || c.Metadata.Scope == "" {
		return scope
	}
	most, err := oauth.ParseScope(c.Metadata.Scope)
	if err != nil {
		return nil
	}
	return scope.Intersect(r.Expand(most))
}

// defaultScope is what a request that names no scope asks for. RFC 6749 §3.3.
func defaultScope(c oauth.Client, r oauth.ProtectedResource) oauth.Scope {
	if scope := beneathCeiling(c, r, r.Defaults()); len(scope) > 0 {
		return scope
	}
	return beneathCeiling(c, r, r.Known())
}
