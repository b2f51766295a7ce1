package oauth

import "testing"

func TestCheckSecret(t *testing.T) {
	secret := NewSecret(ClientSecret)
	for _, c := range []struct {
		name   string
		client Client
		secret Secret
		want   bool
	}{
		{"its secret", Client{SecretDigest: secret.Digest()}, secret, true},
		{"another", Client{SecretDigest: secret.Digest()}, NewSecret(ClientSecret), false},
		{"a part of it", Client{SecretDigest: secret.Digest()}, secret[:len(secret)-1], false},
		{"none", Client{SecretDigest: secret.Digest()}, "", false},
		{"none for a client that has none", Client{}, "", false},
		{"one for a client that has none", Client{}, secret, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.client.CheckSecret(c.secret); got != c.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

func TestPublicAndMay(t *testing.T) {
	c := Client{Metadata: ClientMetadata{TokenEndpointAuthMethod: AuthNone, GrantTypes: []string{GrantTypeCode}}}
	if !c.Public() || !c.May(GrantTypeCode) || c.May(GrantTypeRefresh) || c.May("") {
		t.Error("a public client for the code grant is taken for another")
	}
	if (Client{}).Public() || (Client{Metadata: ClientMetadata{TokenEndpointAuthMethod: AuthPost}}).Public() {
		t.Error("a client that has to prove itself is public")
	}
}
