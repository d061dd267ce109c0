package terraform

import (
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// jsonEncode writes a known value as Terraform's jsonencode does.
func jsonEncode(v cty.Value) (string, error) {
	out, err := stdlib.JSONEncode(v)
	if err != nil {
		return "", err
	}
	return out.AsString(), nil
}

// functions are what expressions of this scope's module may call.
func (s *Scope) functions() map[string]function.Function { return nil }
