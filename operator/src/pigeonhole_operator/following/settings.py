"""What is followed, and what follows it."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class FollowerSettings(BaseSettings):
    """Settings of the follower; each is an environment variable `PIGEONHOLE_OPERATOR_FOLLOW_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="PIGEONHOLE_OPERATOR_FOLLOW_", frozen=True)

    deployment: str = Field("documents-predictor", min_length=1, description="The predictor's Deployment.")
    container: str = Field("model", min_length=1, description="Its init container that fetches the model.")
    alias: str = Field("champion", min_length=1, description="The alias of the version that is to serve.")
    seconds: float = Field(10.0, gt=0, le=3600, description="Pause between two looks at the registry.")
