// Package config reads the settings: one struct, one strict YAML file.
//
// [Config] is the manual as well as the data. Its tags hold the keys, the
// defaults and what people are told; the decoder, docs/config.md and the JSON
// schema are all read from them, so that none can say what another does not.
//
// Strict means that an unknown key, a wrong type or a contradiction is a
// [Mistake] that names its line and its fix, and that all mistakes of a file
// are reported at once.
package config

//go:generate go test -run TestGeneratedDocuments -update .
