package functions

import (
	"encoding/json"
	"math/big"
	"net/netip"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// disputed says for which arguments a function answers one way in Terraform 1.11 and another way in a later
// version, or in a way that its documentation does not bear out. The result is unknown then: which version runs
// is not for the repository to say.
var disputed = map[string]func(args []cty.Value) bool{
	// An error in 1.11: a null cannot be looked for, an element not be counted from the end, and only a whole
	// number has a sign.
	"contains": func(args []cty.Value) bool { return len(args) == 2 && args[1].IsNull() },
	"element":  func(args []cty.Value) bool { return len(args) == 2 && sign(args[1]) < 0 },
	"signum":   func(args []cty.Value) bool { return len(args) == 1 && fractional(args[0]) },
	// Unknown in 1.11, even once applied.
	"format":     untypedNull,
	"formatlist": untypedNull,
	// 1.11 computes something, but not addresses within the prefix.
	"cidrhost":    func(args []cty.Value) bool { return mapped(textOf(args, 0)) },
	"cidrnetmask": func(args []cty.Value) bool { return mapped(textOf(args, 0)) },
	"cidrsubnets": func(args []cty.Value) bool { return mapped(textOf(args, 0)) },
	"cidrsubnet": func(args []cty.Value) bool {
		return mapped(textOf(args, 0)) || len(args) == 3 && (sign(args[1]) < 0 || sign(args[2]) < 0 || long(args[2]))
	},
}

func numberOf(v cty.Value) *big.Float {
	v, _ = v.Unmark()
	if !v.IsKnown() || v.IsNull() || v.Type() != cty.Number {
		return new(big.Float)
	}
	return v.AsBigFloat()
}

func sign(v cty.Value) int { return numberOf(v).Sign() }

func fractional(v cty.Value) bool { return !numberOf(v).IsInt() }

func long(v cty.Value) bool { return numberOf(v).MantExp(nil) > 64 }

func untypedNull(args []cty.Value) bool {
	for _, arg := range args[min(1, len(args)):] {
		if arg.IsNull() && arg.Type() == cty.DynamicPseudoType {
			return true
		}
	}
	return false
}

// mapped tells a prefix of IPv4 addresses that is written in IPv6.
func mapped(prefix string) bool {
	p, err := netip.ParsePrefix(prefix)
	return err == nil && p.Addr().Is4In6()
}

// jsonDecodeFunc leaves unknown what go-cty now refuses and Terraform 1.11 does not, an object with two attributes
// of one name.
var jsonDecodeFunc = function.New(&function.Spec{
	Params: []function.Parameter{param("str", cty.String)},
	Type:   function.StaticReturnType(cty.DynamicPseudoType),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		value, err := stdlib.JSONDecode(args[0])
		if err != nil && json.Valid([]byte(args[0].AsString())) {
			return cty.DynamicVal, nil
		}
		return value, err
	},
})
