package access

import (
	"math"
	"net/netip"
	"slices"
	"strconv"
	"time"
)

// numberOfText and timeOfText put values of numeric conditions and of dates on a line.
func numberOfText(s string) (float64, bool) {
	x, err := strconv.ParseFloat(s, 64)
	return x, err == nil && math.Abs(x) < 1<<50
}

func timeOfText(s string) (float64, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return float64(t.Unix()), true
		}
	}
	return numberOfText(s)
}

// ordered splits a line of numbers at those of the operands.
func (n *names) ordered(k *keyed, parse func(string) (float64, bool)) []cell {
	var bounds []float64
	for _, v := range k.operands {
		if x, ok := parse(v.text); v.known && ok {
			bounds = append(bounds, x)
		} else {
			v.opaque = true
		}
	}
	var cells []cell
	for _, x := range points(bounds, wholeNumbers(k.name)) {
		met := make([]*expression, len(k.operands))
		for i, v := range k.operands {
			met[i] = n.opaque(k, v)
			if bound, _ := parse(v.text); !v.opaque {
				met[i] = constant(inOrder(v.test, x, bound))
			}
		}
		cells = append(cells, cell{elements: [][]*expression{met}, sure: true})
	}
	return cells
}

// wholeNumbers tells the keys whose values are whole and not negative, times in seconds included.
func wholeNumbers(key string) bool {
	switch key {
	case "aws:currenttime", "aws:epochtime", "aws:multifactorauthage", "kms:rotationperiodindays", "kms:validto",
		"kms:schedulekeydeletionpendingwindowindays", "kms:trailingdayswithoutkeyusage":
		return true
	}
	return false
}

// points has one number, or more, of each stretch between the bounds, and the bounds.
func points(bounds []float64, whole bool) []float64 {
	slices.Sort(bounds)
	list := []float64{0}
	for i, x := range bounds {
		list = append(list, math.Floor(x)-1, math.Floor(x), math.Ceil(x), math.Ceil(x)+1)
		if !whole {
			list = append(list, x, (x+bounds[max(i, 1)-1])/2)
		}
	}
	if whole {
		list = slices.DeleteFunc(list, func(x float64) bool { return x < 0 })
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func (n *names) opaque(k *keyed, v *operand) *expression {
	return n.fact("opaque\x01%s\x01%s", k.name, v.name)
}

func inOrder(test string, x, bound float64) bool {
	switch test {
	case "lessthan":
		return x < bound
	case "lessthanequals":
		return x <= bound
	case "greaterthan":
		return x > bound
	case "greaterthanequals":
		return x >= bound
	default:
		return x == bound
	}
}

// addresses splits the addresses by the first one of each network, and the first one behind it.
func (n *names) addresses(k *keyed) []cell {
	points := []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()}
	for _, v := range k.operands {
		prefix, ok := network(v.text)
		if v.opaque = !v.known || !ok; v.opaque {
			continue
		}
		points = append(points, prefix.Masked().Addr())
		if behind := last(prefix).Next(); behind.IsValid() {
			points = append(points, behind)
		}
	}
	slices.SortFunc(points, netip.Addr.Compare)
	var cells []cell
	for _, x := range slices.Compact(points) {
		met := make([]*expression, len(k.operands))
		for i, v := range k.operands {
			met[i] = n.opaque(k, v)
			if prefix, _ := network(v.text); !v.opaque {
				met[i] = constant(prefix.Contains(x))
			}
		}
		cells = append(cells, cell{elements: [][]*expression{met}, sure: true})
	}
	return cells
}

func network(s string) (netip.Prefix, bool) {
	if addr, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(addr, addr.BitLen()), true
	}
	prefix, err := netip.ParsePrefix(s)
	return prefix, err == nil
}

func last(p netip.Prefix) netip.Addr {
	bytes := p.Masked().Addr().AsSlice()
	for bit := p.Bits(); bit < 8*len(bytes); bit++ {
		bytes[bit/8] |= 1 << (7 - bit%8)
	}
	addr, _ := netip.AddrFromSlice(bytes)
	return addr
}
