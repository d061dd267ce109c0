// Package cost owns the rules about what keys cost.
package cost
