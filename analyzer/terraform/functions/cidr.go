package functions

import (
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"regexp"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// leadingZeros are those that Terraform takes, as decimal, in the octets of an IPv4 address and in the length.
var leadingZeros = regexp.MustCompile(`(^|[./])0+([0-9])`)

// parsePrefix reads a network.
func parsePrefix(s string) (netip.Prefix, error) {
	prefix, err := netip.ParsePrefix(leadingZeros.ReplaceAllString(s, "$1$2"))
	if err != nil {
		return netip.Prefix{}, errors.New("the prefix is not in CIDR notation, as 10.0.0.0/8 is")
	}
	return prefix.Masked(), nil
}

func number(address netip.Addr) *big.Int { return new(big.Int).SetBytes(address.AsSlice()) }

// address is the one of the same family as like with this number, which must be in range.
func address(n *big.Int, like netip.Addr) netip.Addr {
	octets := make([]byte, like.BitLen()/8)
	a, _ := netip.AddrFromSlice(n.FillBytes(octets))
	return a
}

// whole is a whole number of the arguments, of any size.
func whole(v cty.Value, i int) (*big.Int, error) {
	n, accuracy := v.AsBigFloat().Int(nil)
	if n == nil || accuracy != big.Exact {
		return nil, function.NewArgErrorf(i, "a whole number is required")
	}
	return n, nil
}

// small is a whole number of the arguments that counts bits.
func small(v cty.Value, i int) (int, error) {
	n, err := whole(v, i)
	if err != nil {
		return 0, err
	}
	if !n.IsInt64() || n.Int64() > 128 || n.Int64() < -128 {
		return 0, function.NewArgErrorf(i, "no address has so many bits")
	}
	return int(n.Int64()), nil
}

var cidrHostFunc = function.New(&function.Spec{
	Params:       []function.Parameter{param("prefix", cty.String), param("hostnum", cty.Number)},
	Type:         function.StaticReturnType(cty.String),
	RefineResult: refineNotNull,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		prefix, err := parsePrefix(args[0].AsString())
		if err != nil {
			return cty.NilVal, function.NewArgError(0, err)
		}
		host, err := whole(args[1], 1)
		if err != nil {
			return cty.NilVal, err
		}
		hosts := new(big.Int).Lsh(big.NewInt(1), uint(prefix.Addr().BitLen()-prefix.Bits()))
		if host.Sign() < 0 {
			host.Add(host, hosts)
		}
		if host.Sign() < 0 || host.Cmp(hosts) >= 0 {
			return cty.NilVal, function.NewArgErrorf(1, "a prefix of %d bits has no such host", prefix.Bits())
		}
		return cty.StringVal(address(host.Add(host, number(prefix.Addr())), prefix.Addr()).String()), nil
	},
})

var cidrNetmaskFunc = stringsTo(cty.String, []string{"prefix"}, func(args []string) (cty.Value, error) {
	prefix, err := parsePrefix(args[0])
	if err != nil {
		return cty.NilVal, function.NewArgError(0, err)
	}
	if !prefix.Addr().Is4() {
		return cty.NilVal, function.NewArgErrorf(0, "only an IPv4 network has a netmask")
	}
	mask := new(big.Int).Lsh(big.NewInt(1), uint(32-prefix.Bits()))
	mask.Sub(new(big.Int).Lsh(big.NewInt(1), 32), mask)
	return cty.StringVal(address(mask, prefix.Addr()).String()), nil
})

var cidrSubnetFunc = function.New(&function.Spec{
	Params: []function.Parameter{
		param("prefix", cty.String), param("newbits", cty.Number), param("netnum", cty.Number),
	},
	Type:         function.StaticReturnType(cty.String),
	RefineResult: refineNotNull,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		prefix, err := parsePrefix(args[0].AsString())
		if err != nil {
			return cty.NilVal, function.NewArgError(0, err)
		}
		bits, err := small(args[1], 1)
		if err != nil {
			return cty.NilVal, err
		}
		n, err := whole(args[2], 2)
		if err != nil {
			return cty.NilVal, err
		}
		length := prefix.Bits() + bits
		if bits < 0 || length > prefix.Addr().BitLen() {
			return cty.NilVal, function.NewArgErrorf(1, "a prefix of %d bits cannot be extended by %d", prefix.Bits(), bits)
		}
		if n.Sign() < 0 || n.BitLen() > bits {
			return cty.NilVal, function.NewArgErrorf(2, "%d bits have no such network", bits)
		}
		start := n.Lsh(n, uint(prefix.Addr().BitLen()-length))
		start.Add(start, number(prefix.Addr()))
		return cty.StringVal(netip.PrefixFrom(address(start, prefix.Addr()), length).String()), nil
	},
})

// maxNewBits is how much longer Terraform lets a prefix of cidrsubnets be.
const maxNewBits = 32

var cidrSubnetsFunc = function.New(&function.Spec{
	Params:       []function.Parameter{param("prefix", cty.String)},
	VarParam:     &function.Parameter{Name: "newbits", Type: cty.Number},
	Type:         function.StaticReturnType(cty.List(cty.String)),
	RefineResult: refineNotNull,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		prefix, err := parsePrefix(args[0].AsString())
		if err != nil {
			return cty.NilVal, function.NewArgError(0, err)
		}
		if len(args) == 1 {
			return cty.ListValEmpty(cty.String), nil
		}
		next := number(prefix.Addr())
		width := prefix.Addr().BitLen()
		end := new(big.Int).Lsh(big.NewInt(1), uint(width-prefix.Bits()))
		end.Add(end, next)
		subnets := make([]cty.Value, 0, len(args)-1)
		for i, arg := range args[1:] {
			bits, err := small(arg, i+1)
			if err != nil {
				return cty.NilVal, err
			}
			length := prefix.Bits() + bits
			if bits < 1 || bits > maxNewBits || length > width {
				return cty.NilVal, function.NewArgErrorf(i+1, "a prefix of %d bits cannot be extended by %d", prefix.Bits(), bits)
			}
			size := new(big.Int).Lsh(big.NewInt(1), uint(width-length))
			roundUp(next, size)
			if new(big.Int).Add(next, size).Cmp(end) > 0 {
				return cty.NilVal, function.NewArgErrorf(i+1, "the network has no room left for %s", fmt.Sprintf("a prefix of %d bits", length))
			}
			subnets = append(subnets, cty.StringVal(netip.PrefixFrom(address(next, prefix.Addr()), length).String()))
			next.Add(next, size)
		}
		return cty.ListVal(subnets), nil
	},
})

// roundUp moves n to the next multiple of size, a power of two.
func roundUp(n, size *big.Int) {
	rest := new(big.Int).Mod(n, size)
	if rest.Sign() != 0 {
		n.Add(n, rest.Sub(size, rest))
	}
}
