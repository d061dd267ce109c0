package config

import (
	"fmt"
	"log/slog"
)

// Secret is a value that no formatting prints. Reveal is the only way to its content.
type Secret struct{ value string }

const redacted = "[redacted]"

// NewSecret wraps a value.
func NewSecret(value string) Secret { return Secret{value: value} }

// Reveal returns the content, to hand it to what needs it and nothing else.
func (s Secret) Reveal() string { return s.value }

// String implements fmt.Stringer without the content.
func (s Secret) String() string { return redacted }

// Format implements fmt.Formatter, so that %x, %#v and the like print no content either.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) } // fmt ignores the error too

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements encoding.TextMarshaler, which JSON and YAML use.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
