"""An index on who sees an image, which every permission of images asks."""

from collections.abc import Sequence

from alembic import op

revision: str = "0012_gallery_access"
down_revision: str | None = "0011_identity_providers"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Towards head."""
    op.create_index("images_access_idx", "images", ["access"], schema="gallery")


def downgrade() -> None:
    """Back to the revision before."""
    op.drop_index("images_access_idx", table_name="images", schema="gallery")
