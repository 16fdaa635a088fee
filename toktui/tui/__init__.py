"""The screens. Only here is Textual imported."""
